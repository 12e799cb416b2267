"""The gateway as an application: lifespan, mounting, which vendors' clients it serves."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from lunaroute_core.testing import FakeProvider
from lunaroute_server import Gateway, create_app
from lunaroute_server.config import config_from_mapping

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
        assert client.post(refused, json=MESSAGES).status_code == 404


def test_every_path_works_beneath_a_prefix():
    gateway = Gateway.from_config(config_from_mapping({"providers": {"mock": {}}}))
    app = Starlette(routes=[Mount("/llm", create_app(gateway))])
    with local(app) as client:
        assert client.get("/llm/healthz").json() == {"status": "ok"}
        assert client.get("/llm/v1/models/mock/echo").status_code == 200
        assert client.post("/llm/v1/messages", json=MESSAGES | {"model": "echo"}).is_success
        unknown = client.get("/llm/v1/unknown").json()["error"]["message"]
    assert "/llm" not in unknown
