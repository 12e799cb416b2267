import pytest

from lunaroute_core import (
    ModelStream,
    Operation,
    UpstreamProtocolError,
    UpstreamUnavailableError,
    WireStream,
)
from lunaroute_core.testing import FakeProvider


class Source:
    def __init__(self, *chunks, failure=None):
        self.chunks = list(chunks)
        self.failure = failure
        self.closed = False

    async def read(self):
        if self.chunks:
            return self.chunks.pop(0)
        if self.failure is not None:
            raise self.failure
        return b""

    async def aclose(self):
        self.closed = True


def forwarded(*chunks, status=200, headers=(), failure=None):
    source = Source(*chunks, failure=failure)
    wire = WireStream(dialect=None, source=source, status=status, headers=headers)
    return ModelStream(provider="vendor", model="", wire=wire)


@pytest.fixture
def provider():
    return FakeProvider(lambda _request: forwarded(b"ok"))


@pytest.fixture
def client(gateway_client, provider):
    return gateway_client(provider)


class TestForwarding:
    async def test_a_request_passes_as_it_is(self, client, provider):
        raw = b"/v1/files/a%2Fb"
        await client(
            "PUT",
            "/v1/files/a/b?purpose=x&purpose=%20",
            b"\x00\xff not json",
            raw_path=raw,
            headers={"x-api-key": "k", "content-type": "application/octet-stream"},
        )
        (request,) = provider.requests
        assert request.operation is Operation.FORWARD
        wire = request.wire
        assert (wire.method, wire.path, wire.query) == (
            "PUT",
            "/v1/files/a%2Fb",
            b"purpose=x&purpose=%20",
        )
        assert wire.body == b"\x00\xff not json"
        assert (b"content-type", b"application/octet-stream") in wire.headers

    async def test_an_answer_passes_as_it_is(self, gateway_client):
        headers = ((b"content-type", b"audio/mpeg"), (b"set-cookie", b"a"), (b"set-cookie", b"b"))
        stream = forwarded(b"\x00\x01", b"\xff", status=206, headers=headers)
        answer = await gateway_client(FakeProvider(stream))("POST", "/v1/audio/speech", b"{}")
        assert answer.status == 206
        assert answer.body == b"\x00\x01\xff"
        assert answer.headers[:3] == list(headers)
        assert answer.is_whole
        assert stream.wire.source.closed

    async def test_nothing_is_mixed_into_an_answer_that_is_not_understood(
        self, gateway_client, for_some_time
    ):
        class Slow(Source):
            async def read(self):
                await for_some_time(0.02)
                return await super().read()

        wire = WireStream(dialect=None, source=Slow(b"a" * 10, b"b" * 10))
        stream = ModelStream(provider="vendor", model="", wire=wire)
        client = gateway_client(FakeProvider(stream), keep_alive_seconds=0.002)
        answer = await client("POST", "/v1/audio/speech", b"{}")
        assert answer.body == b"a" * 10 + b"b" * 10

    async def test_an_answer_that_breaks_off_never_looks_whole(self, gateway_client):
        """No event could tell of it, so the server has to cut the connection."""
        failure = UpstreamProtocolError("broke off", provider="vendor")
        stream = forwarded(b"half", failure=failure)
        with pytest.raises(ExceptionGroup) as caught:
            async with gateway_client(FakeProvider(stream)).open(
                "POST", "/v1/audio/speech", b"{}"
            ) as call:
                pass
        assert caught.group_contains(UpstreamProtocolError)
        assert call.body == b"half"
        assert not call.is_whole
        assert stream.wire.source.closed

    async def test_a_failure_before_the_answer_is_told_in_the_clients_dialect(
        self, gateway_client, error_of
    ):
        provider = FakeProvider(UpstreamUnavailableError("refused", provider="vendor"))
        answer = await gateway_client(provider)("POST", "/v1/messages/batches", b"{}")
        assert answer.status == 502
        assert error_of("anthropic_messages", answer)["message"] == "refused"


class TestWhoseItIs:
    @pytest.mark.parametrize(
        ("path", "headers", "dialect"),
        [
            ("/v1/embeddings", {}, "openai_chat"),
            ("/v1/responses/resp_1", {}, "openai_chat"),
            ("/v1/messages/batches", {}, "anthropic_messages"),
            ("/v1/files", {"anthropic-version": "2023-06-01"}, "anthropic_messages"),
            ("/v1/files", {"authorization": "Bearer sk-proj-x"}, "openai_chat"),
            ("/v1/files", {}, "openai_chat"),
            ("/api/hello", {"x-api-key": "k"}, "anthropic_messages"),
        ],
    )
    async def test_the_vendor_follows_from_headers_key_and_path(
        self, client, provider, path, headers, dialect
    ):
        await client("GET", path, headers=headers)
        assert provider.requests[0].context.client_dialect == dialect

    @pytest.mark.parametrize(
        ("path", "override"),
        [("/v1/files", "elsewhere"), ("/v1/embeddings", None)],
    )
    async def test_what_shows_no_vendor_goes_to_the_configured_provider(
        self, gateway_client, provider, path, override
    ):
        await gateway_client(provider, bypass_provider="elsewhere")("GET", path)
        assert provider.requests[0].context.provider_override == override

    async def test_a_provider_named_by_the_client_goes_before_that(self, gateway_client, provider):
        client = gateway_client(provider, bypass_provider="elsewhere")
        await client("GET", "/v1/files", headers={"x-luna-provider": "mine"})
        assert provider.requests[0].context.provider_override == "mine"

    async def test_a_route_is_named_by_the_header_and_the_query_stays_the_vendors(
        self, gateway_client, provider
    ):
        client = gateway_client(provider)
        await client("GET", "/v1/files?route=theirs", headers={"x-luna-route": "mine"})
        (request,) = provider.requests
        assert request.context.route_override == "mine"
        assert request.wire.query == b"route=theirs"


class TestRefusals:
    async def test_tags_that_are_none_are_refused(self, client, provider, error_of):
        answer = await client("GET", "/v1/files", headers={"x-luna-tags": "a b"})
        assert answer.status == 400
        assert "X-Luna-Tags" in error_of("openai_chat", answer)["message"]
        assert provider.requests == []

    @pytest.mark.parametrize("path", ["/", "/favicon.ico", "/v2/x", "/admin"])
    async def test_a_path_that_is_nobodys_is_not_found(self, client, provider, error_of, path):
        answer = await client("GET", path)
        assert answer.status == 404
        assert path in error_of("openai_chat", answer)["message"]
        assert provider.requests == []

    async def test_it_can_be_turned_off(self, gateway_client, provider, error_of):
        client = gateway_client(provider, bypass=False)
        answer = await client("POST", "/v1/messages/batches", b"{}")
        assert answer.status == 404
        assert error_of("anthropic_messages", answer)["type"] == "not_found_error"
        assert provider.requests == []

    async def test_too_large_a_body_is_413(self, gateway_client, provider, error_of):
        client = gateway_client(provider, max_body_bytes=100)
        answer = await client("POST", "/v1/messages/batches", b"x" * 101)
        assert answer.status == 413
        assert error_of("anthropic_messages", answer)["type"] == "request_too_large"

    async def test_a_client_that_leaves_while_it_sends_is_answered_nothing(self, client, provider):
        async with client.open("POST", "/v1/embeddings", pieces=[]) as call:
            call.disconnect()
        assert call.messages == []
        assert provider.requests == []


@pytest.mark.parametrize(
    "target", ["/v1/messages", "/v1/messages/count_tokens", "/v1/organizations"]
)
async def test_what_is_meant_for_a_vendor_that_is_not_served_reaches_no_other(
    gateway_client, target
):
    """With one vendor served, the other's requests must not fall through to it."""
    provider = FakeProvider()
    client = gateway_client(provider, vendors=frozenset({"openai"}))
    answer = await client("POST", target, {"model": "m"})
    assert answer.status == 404
    assert answer.json["type"] == "error"
    assert "anthropic" in answer.json["error"]["message"]
    assert provider.requests == []
