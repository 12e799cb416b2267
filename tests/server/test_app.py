"""The gateway as an application: lifespan, mounting, which vendors' clients it serves."""

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from lunaroute_core.testing import FakeProvider, ScriptedUpstream, json_reply
from lunaroute_server import Gateway, create_app
from lunaroute_server.config import config_from_mapping
from lunaroute_server.in_process import StreamingASGITransport

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
MESSAGES = CHAT | {"max_tokens": 9}


def local(app):
    return TestClient(app, base_url="http://localhost")


def test_the_lifespan_opens_and_closes_the_gateway():
    gateway = Gateway(provider=FakeProvider())
    with local(create_app(gateway)) as client:
        assert gateway.is_open
        assert client.get("/readyz").json()["status"] == "ready"
    assert not gateway.is_open


async def test_a_gateway_that_is_open_is_left_open():
    gateway = Gateway(provider=FakeProvider())
    async with gateway:
        with local(create_app(gateway)):
            pass
        assert gateway.is_open


def test_readiness_tells_how_the_providers_fare():
    config = {
        "providers": {
            "mock": {"mock": {"error_rate": 1, "retry_after": None}},
            "spare": {"type": "mock"},
        },
        "routing": {
            "circuit_breaker": {"failure_threshold": 2},
            "health": {"min_requests": 2},
            "rules": [{"primary": "mock", "fallbacks": ["spare"]}],
        },
    }
    with local(create_app(Gateway.from_config(config_from_mapping(config)))) as client:
        for _ in range(3):
            answer = client.post("/v1/chat/completions", json=CHAT | {"model": "echo"})
            assert answer.status_code == 200
        assert client.get("/readyz").json()["providers"] == [
            {"name": "mock", "status": "unhealthy", "success_rate": 0.0, "breaker": "open"},
            {"name": "spare", "status": "healthy", "success_rate": 1.0, "breaker": "closed"},
        ]


@pytest.mark.parametrize(
    ("spoken", "served", "refused"),
    [
        ("openai", ["/v1/chat/completions", "/v1/responses"], "/v1/messages"),
        ("anthropic", ["/v1/messages"], "/v1/chat/completions"),
    ],
)
def test_only_the_configured_vendors_clients_are_served(spoken, served, refused):
    config = {"api_dialect": spoken, "providers": {"mock": {}}, "bypass": {"enabled": False}}
    with local(create_app(Gateway.from_config(config_from_mapping(config)))) as client:
        for path in served:
            body = MESSAGES | {"model": "echo", "input": "hi"}
            assert client.post(path, json=body).status_code == 200
        answer = client.post(refused, json=MESSAGES)
        listed = client.get("/v1/models").json()
    assert answer.status_code == 404
    # In the words of the client, whom it knows though it does not serve them.
    assert ("type" in answer.json()) is (spoken == "openai")
    assert ("object" in listed) is (spoken == "openai")


def mounted_in_starlette(app):
    return Starlette(routes=[Mount("/llm", app)])


def mounted_in_fastapi(app):
    around = FastAPI()
    around.mount("/llm", app)
    return around


@pytest.mark.parametrize("mounted", [mounted_in_starlette, mounted_in_fastapi])
def test_every_path_works_beneath_a_prefix(mounted):
    gateway = Gateway.from_config(config_from_mapping({"providers": {"mock": {}}}))
    with local(mounted(create_app(gateway))) as client:
        assert client.get("/llm/healthz").json() == {"status": "ok"}
        assert client.get("/llm/v1/models/mock/echo").status_code == 200
        assert client.post("/llm/v1/messages", json=MESSAGES | {"model": "echo"}).is_success
        unknown = client.get("/llm/unknown")
    assert unknown.status_code == 404
    assert "/unknown" in unknown.json()["error"]["message"]
    assert "/llm" not in unknown.json()["error"]["message"]


@pytest.mark.parametrize("mounted", [mounted_in_starlette, mounted_in_fastapi])
async def test_a_vendors_other_paths_lose_the_prefix_on_their_way(mounted):
    async with ScriptedUpstream(json_reply(200, {"data": []})) as upstream:
        config = {"providers": {"openai": {"base_url": f"{upstream.url}/v1", "api_key": "k"}}}
        gateway = Gateway.from_config(config_from_mapping(config))
        app = mounted(create_app(gateway))
        transport = StreamingASGITransport(app=app)
        async with gateway, AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get("/llm/v1/files/a%2Fb?limit=2", headers={"x-a": "1"})
        (request,) = upstream.requests
    assert answer.json() == {"data": []}
    assert request.target == "/v1/files/a%2Fb?limit=2"
    assert request.header("x-a") == "1"


async def test_a_prefix_a_server_has_taken_off_already_is_no_part_of_the_path():
    """`root_path` as servers give it behind a proxy: the path begins with it, or does not."""
    gateway = Gateway(provider=FakeProvider())
    app = create_app(gateway)
    async with gateway:
        for path in ("/llm/v1/chat/completions", "/v1/chat/completions"):

            async def behind_a_proxy(scope, receive, send, path=path):
                await app(scope | {"root_path": "/llm", "path": path}, receive, send)

            transport = StreamingASGITransport(app=behind_a_proxy)
            async with AsyncClient(transport=transport, base_url="http://localhost") as client:
                assert (await client.post(path, json=CHAT)).status_code == 200
