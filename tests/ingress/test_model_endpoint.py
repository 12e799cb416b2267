import asyncio
import gzip
import json

import pytest

from lunaroute_core import Operation
from lunaroute_core.request_limits import RequestLimits
from lunaroute_core.testing import FakeProvider
from lunaroute_server.app import create_app


@pytest.fixture
def provider():
    return FakeProvider()


class TestRequests:
    async def test_a_request_reaches_the_provider_as_it_was_sent(
        self, gateway_client, provider, path, dialect
    ):
        body = b'{"stream":false,  "model" : "m-1", "messages": [], "odd": [-0.10e+5, "\\u00e9"]}'
        await gateway_client(provider)(
            "POST", f"{path}?beta=true&q=%20", body, headers={"x-a": "1", "user-agent": "sdk/1"}
        )
        (request,) = provider.requests
        assert request.model == "m-1"
        assert not request.stream
        assert request.operation is Operation.GENERATE
        assert request.wire.dialect == dialect
        assert request.wire.path == path
        assert request.wire.query == b"beta=true&q=%20"
        assert request.wire.body == body
        assert (b"x-a", b"1") in request.wire.headers
        assert request.context.user_agent == "sdk/1"
        assert request.context.client_address == "127.0.0.1"

    async def test_the_client_decides_whether_it_is_streamed(
        self, gateway_client, provider, path, stream_body
    ):
        await gateway_client(provider)("POST", path, stream_body)
        assert provider.requests[0].stream

    async def test_a_body_in_pieces_is_put_together(self, gateway_client, provider, path, body):
        content = json.dumps(body).encode()
        pieces = [content[n : n + 5] for n in range(0, len(content), 5)]
        answer = await gateway_client(provider)("POST", path, pieces=pieces)
        assert answer.status == 200
        assert provider.requests[0].wire.body == content

    async def test_a_compressed_body_is_read_and_goes_on_plain(
        self, gateway_client, provider, path, body
    ):
        content = json.dumps(body).encode()
        answer = await gateway_client(provider)(
            "POST", path, gzip.compress(content), headers={"content-encoding": "gzip"}
        )
        assert answer.status == 200
        wire = provider.requests[0].wire
        assert wire.body == content
        assert b"content-encoding" not in dict(wire.headers)

    async def test_what_the_client_says_of_itself_is_kept(
        self, gateway_client, provider, path, body
    ):
        await gateway_client(provider)(
            "POST", path, body, headers={"x-luna-provider": "fake", "session-id": "s-1"}
        )
        context = provider.requests[0].context
        assert (context.provider_override, context.session_id) == ("fake", "s-1")

    async def test_what_it_says_of_the_route_is_kept_and_not_sent_on_in_the_query(
        self, gateway_client, provider, path, body
    ):
        headers = {"x-luna-tags": "team:x, nightly"}
        target = f"{path}?b=%2f&route=cheap&a=1"
        await gateway_client(provider)("POST", target, body, headers=headers)
        (request,) = provider.requests
        assert request.context.route_override == "cheap"
        assert request.context.tags == ("team:x", "nightly")
        assert request.wire.query == b"b=%2f&a=1"

    @pytest.mark.parametrize(
        ("query", "headers", "param"),
        [
            ("?route=a", {"x-luna-route": "b"}, "route"),
            ("", {"x-luna-tags": "a b"}, "X-Luna-Tags"),
        ],
    )
    async def test_what_it_says_of_the_route_must_make_sense(
        self, gateway_client, provider, spoken, query, headers, param
    ):
        client = gateway_client(provider)
        answer = await client("POST", spoken.path + query, spoken.body, headers=headers)
        assert answer.status == 400
        assert spoken.error_in(answer)["message"].startswith(f"{param}: ")
        assert provider.requests == []

    async def test_limits_come_from_the_settings(self, gateway_client, provider, spoken):
        limits = RequestLimits(max_model_bytes=4)
        client = gateway_client(provider, limits=limits)
        answer = await client("POST", spoken.path, spoken.body | {"model": "longer than that"})
        assert answer.status == 400
        assert "model" in spoken.error_in(answer)["message"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"model": 5}, "model"),
            ({"model": None}, "model"),
            ({"stream": "yes"}, "stream"),
        ],
    )
    async def test_a_field_of_the_wrong_type_is_named(
        self, gateway_client, provider, spoken, change, field
    ):
        answer = await gateway_client(provider)("POST", spoken.path, spoken.body | change)
        assert answer.status == 400
        error = spoken.error_in(answer)
        assert field in error["message"]
        assert error["type"] == "invalid_request_error"
        assert error.get("param", field) == field
        assert provider.requests == []

    async def test_a_missing_model_is_named(self, gateway_client, provider, spoken):
        del spoken.body["model"]
        answer = await gateway_client(provider)("POST", spoken.path, spoken.body)
        assert answer.status == 400
        assert "model" in spoken.error_in(answer)["message"]

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b"null", b'{"model": "\xff"}', b"\x00", b'{"a":' * 5000 + b"}" * 5000],
    )
    async def test_what_is_no_json_object_is_the_clients_mistake(
        self, gateway_client, provider, spoken, content
    ):
        answer = await gateway_client(provider)("POST", spoken.path, content)
        assert answer.status == 400
        assert spoken.error_in(answer)["type"] == "invalid_request_error"

    @pytest.mark.parametrize("split", [False, True])
    async def test_too_large_a_body_is_413_in_the_clients_dialect(
        self, gateway_client, provider, spoken, split
    ):
        content = b"x" * 101
        pieces = [content[:60], content[60:]] if split else [content]
        client = gateway_client(provider, max_body_bytes=100)
        answer = await client("POST", spoken.path, pieces=pieces)
        assert answer.status == 413
        error = spoken.error_in(answer)
        assert "100 bytes" in error["message"]
        if spoken.name == "anthropic_messages":
            assert error["type"] == "request_too_large"

    async def test_a_body_that_is_said_to_be_far_too_large_is_refused_unread(
        self, gateway_client, provider, spoken
    ):
        client = gateway_client(provider, max_body_bytes=100)
        headers = {"content-length": "201"}
        answer = await client("POST", spoken.path, pieces=[], headers=headers)
        assert answer.status == 413
        spoken.error_in(answer)

    @pytest.mark.parametrize(
        ("encoding", "content"), [("gzip", b"{}"), ("snappy", b"{}"), ("gzip", b"\x1f\x8b\x08")]
    )
    async def test_a_body_that_cannot_be_decoded_names_its_header(
        self, gateway_client, provider, spoken, encoding, content
    ):
        answer = await gateway_client(provider)(
            "POST", spoken.path, content, headers={"content-encoding": encoding}
        )
        assert answer.status == 400
        assert spoken.error_in(answer).get("param", "Content-Encoding") == "Content-Encoding"

    async def test_a_body_is_not_blown_up_past_the_limit(self, gateway_client, provider, spoken):
        bomb = gzip.compress(b'{"model": "' + b"x" * 1_000_000 + b'"}')
        client = gateway_client(provider, max_body_bytes=10_000)
        assert len(bomb) < 10_000
        answer = await client("POST", spoken.path, bomb, headers={"content-encoding": "gzip"})
        assert answer.status == 413
        spoken.error_in(answer)

    async def test_a_client_that_leaves_while_it_sends_is_answered_nothing(
        self, gateway_client, provider, path
    ):
        async with gateway_client(provider).open("POST", path, pieces=[]) as call:
            call.disconnect()
        assert call.messages == []
        assert provider.requests == []


class TestTokenCounts:
    BODY = b'{"model": "m-1", "messages": [{"role": "user", "content": "hi"}], "stream": true}'

    async def test_the_question_goes_to_the_provider_as_one_and_is_never_streamed(
        self, gateway_client
    ):
        asked = []

        async def answer(request):
            asked.append(request)
            raise ZeroDivisionError

        async with asyncio.timeout(5):
            await gateway_client(FakeProvider(answer))(
                "POST", "/v1/messages/count_tokens?beta=true", self.BODY
            )
        (request,) = asked
        assert request.operation is Operation.COUNT_TOKENS
        assert not request.stream
        assert request.wire.path == "/v1/messages/count_tokens"
        assert request.wire.query == b"beta=true"


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/embeddings"])
async def test_a_body_is_not_even_read_when_all_seats_are_taken(gateway_of, target):
    """What waits to be refused must not fill the memory meanwhile."""
    gateway = gateway_of(FakeProvider(), max_concurrent_requests=1)
    gateway.in_flight.take(lambda: None)
    sent = []

    async def receive():
        raise AssertionError("the body was asked for")

    async def send(message):
        sent.append(message)

    path = {"path": target, "raw_path": target.encode(), "query_string": b"", "root_path": ""}
    headers = {"headers": [(b"host", b"localhost")]}
    await create_app(gateway)({"type": "http", "method": "POST", **path, **headers}, receive, send)
    assert sent[0]["status"] == 503
