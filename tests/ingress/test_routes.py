import pytest
from starlette.routing import Route, Router

from lunaroute_core import Operation
from lunaroute_core.dialects.registry import DIALECTS, dialect_named
from lunaroute_core.testing import FakeProvider
from lunaroute_ingress import InFlight, IngressSettings, Relay, ingress_routes

BODY = {"model": "m-1", "max_tokens": 1, "input": "hi", "messages": []}


@pytest.fixture
def provider():
    return FakeProvider(ZeroDivisionError())


@pytest.fixture
def client(client_of, provider):
    def make(*names):
        relay = Relay(provider=provider, in_flight=InFlight(limit=9), settings=IngressSettings())
        dialects = [dialect_named(name) for name in names] or DIALECTS.values()
        return client_of(
            Router(ingress_routes(relay, dialects=dialects, known=dialects, providers=["fake"]))
        )

    return make


@pytest.mark.parametrize(
    ("path", "dialect", "operation"),
    [
        ("/v1/chat/completions", "openai_chat", Operation.GENERATE),
        ("/v1/responses", "openai_responses", Operation.GENERATE),
        ("/responses", "openai_responses", Operation.GENERATE),
        ("/v1/messages", "anthropic_messages", Operation.GENERATE),
        ("/v1/messages/count_tokens", "anthropic_messages", Operation.COUNT_TOKENS),
        ("/v1/embeddings", "openai_chat", Operation.FORWARD),
        ("/v1/messages/batches", "anthropic_messages", Operation.FORWARD),
    ],
)
async def test_a_post_reaches_its_endpoint(client, provider, path, dialect, operation):
    await client()("POST", path, BODY)
    (request,) = provider.requests
    assert (request.wire.dialect, request.operation) == (dialect, operation)


async def test_an_alias_leads_to_the_vendors_own_path(client, provider):
    await client()("POST", "/responses", BODY)
    assert provider.requests[0].wire.path == "/v1/responses"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses/resp_1"])
async def test_other_methods_on_a_vendors_path_are_forwarded(client, provider, path):
    await client()("GET", path)
    assert provider.requests[0].operation is Operation.FORWARD


async def test_a_path_is_never_redirected(client, provider):
    answer = await client()("POST", "/v1/messages/", BODY)
    assert provider.requests[0].wire.path == "/v1/messages/"
    assert answer.status == 500


async def test_dialects_that_are_not_spoken_have_no_routes(client, provider):
    answer = await client("anthropic_messages")("POST", "/responses", BODY)
    assert answer.status == 404
    assert provider.requests == []


async def test_below_a_mount_point_the_vendors_paths_stay(client_of, client, provider):
    from starlette.routing import Mount

    mounted = client_of(Router([Mount("/llm", app=client().app)]))
    await mounted("POST", "/llm/v1/messages", BODY)
    await mounted("POST", "/llm/v1/embeddings", BODY)
    assert [request.wire.path for request in provider.requests] == [
        "/v1/messages",
        "/v1/embeddings",
    ]


async def test_a_new_dialect_has_its_routes_at_once(client, provider, monkeypatch):
    import attrs

    new = attrs.evolve(dialect_named("openai_chat"), paths=("/acme/prompt", "/prompt"))
    relay = Relay(provider=provider, in_flight=InFlight(limit=9), settings=IngressSettings())
    routes = ingress_routes(relay, dialects=[new], known=[new], providers=[])
    paths = [route.path for route in routes if isinstance(route, Route)]
    assert paths[:2] == ["/acme/prompt", "/prompt"]
