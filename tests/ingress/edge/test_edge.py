"""The edge around an application that may answer anything."""

from email.utils import parsedate_to_datetime

import pytest

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.testing import FakeProvider
from lunaroute_ingress.edge import Edge
from lunaroute_ingress.edge.cors import Cors
from lunaroute_ingress.edge.host_check import HostCheck
from lunaroute_ingress.edge.request_log import RequestLog
from lunaroute_ingress.edge.security_headers import SECURITY_HEADERS
from lunaroute_ingress.exchange import exchange_of

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def asked():
    """The scopes that reached the application."""
    return []


@pytest.fixture
def edge_client(client_of, asked):
    """A client of an application behind an edge, which answers with `headers`."""

    def make(*headers):
        async def app(scope, receive, send):
            asked.append(scope)
            await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        return client_of(
            Edge(
                app,
                dialects=tuple(DIALECTS.values()),
                host_check=HostCheck(),
                cors=Cors(),
                log=RequestLog(),
            )
        )

    return make


class TestRequestIds:
    async def test_an_answer_has_the_id_by_which_the_request_is_known(self, edge_client, asked):
        answer = await edge_client()("POST", "/")
        assert answer.header("x-request-id") == exchange_of(asked[0]).request_id

    async def test_a_vendors_own_id_stays_and_ours_is_beside_it(self, edge_client, asked):
        answer = await edge_client((b"x-request-id", b"req_vendor"))("POST", "/")
        assert answer.header("x-request-id") == "req_vendor"
        assert answer.header("x-lunaroute-request-id") == exchange_of(asked[0]).request_id

    async def test_each_request_has_its_own_whatever_it_brings(self, edge_client, asked):
        client = edge_client()
        for _ in range(2):
            await client("POST", "/", headers={"x-request-id": "mine"})
        ids = {exchange_of(scope).request_id for scope in asked}
        assert len(ids) == 2
        assert "mine" not in ids


class TestTraceContext:
    async def test_a_clients_trace_is_continued(self, edge_client, asked):
        await edge_client()("POST", "/", headers={"traceparent": TRACEPARENT})
        continued = exchange_of(asked[0]).traceparent
        assert continued.startswith(TRACEPARENT[:36])
        assert continued != TRACEPARENT

    @pytest.mark.parametrize("headers", [{}, {"traceparent": "nonsense"}])
    async def test_without_one_none_is_begun(self, edge_client, asked, headers):
        await edge_client()("POST", "/", headers=headers)
        assert exchange_of(asked[0]).traceparent is None

    async def test_the_provider_is_given_it(self, gateway_client, path, body):
        provider = FakeProvider()
        await gateway_client(provider)("POST", path, body, headers={"traceparent": TRACEPARENT})
        assert provider.requests[0].context.traceparent.startswith(TRACEPARENT[:36])


class TestHost:
    async def test_a_rebound_name_is_refused_before_anything_is_done(
        self, edge_client, asked, path, dialect, error_of
    ):
        answer = await edge_client()("POST", path, headers={"host": "evil.example"})
        assert answer.status == 403
        error = error_of(dialect, answer)
        assert error["type"] == "permission_error"
        assert "evil.example" in error["message"]
        assert asked == []

    async def test_a_request_without_a_host_is_refused(self, edge_client, asked):
        answer = await edge_client()("GET", "/", headers={"host": ""})
        assert answer.status == 403
        assert asked == []

    async def test_settings_reach_it(self, gateway_client, path, body):
        headers = {"host": "Gateway.Example"}
        for allowed, status in [((), 403), (("GATEWAY.example",), 200), (None, 200)]:
            client = gateway_client(FakeProvider(), allowed_hosts=allowed)
            assert (await client("POST", path, body, headers=headers)).status == status


class TestOrigins:
    async def test_a_local_page_may_call_and_read_the_answer(self, edge_client, asked):
        answer = await edge_client()("POST", "/", headers={"origin": "http://localhost:3000"})
        assert answer.header("access-control-allow-origin") == "http://localhost:3000"
        assert len(asked) == 1

    async def test_a_foreign_page_is_refused_in_the_clients_dialect(
        self, edge_client, asked, path, dialect, error_of
    ):
        answer = await edge_client()("POST", path, headers={"origin": "https://evil.example"})
        assert answer.status == 403
        assert error_of(dialect, answer)["type"] == "permission_error"
        assert answer.header("access-control-allow-origin") is None
        assert asked == []

    async def test_a_preflight_of_a_local_page_is_answered_here(self, edge_client, asked):
        answer = await edge_client()(
            "OPTIONS",
            "/v1/messages",
            headers={
                "origin": "http://localhost:3000",
                "access-control-request-method": "POST",
                "access-control-request-headers": "x-api-key",
            },
        )
        assert answer.status == 204
        assert answer.header("access-control-allow-origin") == "http://localhost:3000"
        assert answer.header("access-control-allow-headers") == "x-api-key"
        assert answer.body == b""
        assert asked == []

    async def test_a_preflight_of_a_foreign_page_is_refused(self, edge_client):
        headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
        answer = await edge_client()("OPTIONS", "/v1/messages", headers=headers)
        assert answer.status == 403
        assert answer.header("access-control-allow-methods") is None

    async def test_what_is_not_from_a_page_gets_no_cors_headers(self, edge_client):
        answer = await edge_client()("POST", "/")
        assert not [name for name, _ in answer.headers if name.startswith(b"access-control")]

    async def test_a_vendors_own_cors_headers_are_not_doubled(self, edge_client):
        client = edge_client((b"access-control-allow-origin", b"*"))
        answer = await client("POST", "/", headers={"origin": "http://localhost:3000"})
        assert answer.header("access-control-allow-origin") == "*"

    async def test_settings_reach_it(self, gateway_client, path, body):
        client = gateway_client(FakeProvider(), allowed_origins=("https://app.example",))
        for origin, status in [("https://app.example", 200), ("https://evil.example", 403)]:
            assert (await client("POST", path, body, headers={"origin": origin})).status == status


class TestSecurityHeaders:
    async def test_what_a_browser_can_open_is_protected(self, edge_client):
        answer = await edge_client()("GET", "/v1/models")
        assert set(SECURITY_HEADERS) <= set(answer.headers)

    async def test_a_refusal_too(self, edge_client):
        answer = await edge_client()("GET", "/", headers={"host": "evil.example"})
        assert answer.status == 403
        assert set(SECURITY_HEADERS) <= set(answer.headers)

    async def test_an_answers_own_policy_stays(self, edge_client):
        policy = (b"content-security-policy", b"default-src 'self'")
        answer = await edge_client(policy)("GET", "/ui/")
        assert answer.header("content-security-policy") == "default-src 'self'"
        assert answer.header("x-content-type-options") == "nosniff"


class TestDate:
    async def test_an_answer_without_one_is_dated(self, edge_client):
        answer = await edge_client()("GET", "/")
        assert parsedate_to_datetime(answer.header("date")).year >= 2025

    async def test_a_vendors_own_stays(self, edge_client):
        answer = await edge_client((b"date", b"then"))("GET", "/")
        assert [value for name, value in answer.headers if name == b"date"] == [b"then"]


async def test_what_is_not_http_passes_as_it_is(edge_client, asked):
    """A lifespan has no host to check and no request to number."""
    scope = {"type": "lifespan"}
    sent = []

    async def send(message):
        sent.append(message)

    await edge_client().app(scope, None, send)
    assert asked == [{"type": "lifespan"}]
    assert sent[0]["headers"] == []


async def test_a_crash_of_the_application_is_the_servers_to_see(client_of, edge_client):
    async def broken(_scope, _receive, _send):
        raise ZeroDivisionError

    client = edge_client()
    client.app.app = broken
    with pytest.raises(ExceptionGroup, match="unhandled") as caught:
        await client("POST", "/")
    assert caught.group_contains(ZeroDivisionError)
