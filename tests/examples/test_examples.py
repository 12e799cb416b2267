"""The programs in examples/ do what their first lines say."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lunaroute_core.testing import chat_request, check_provider

EXAMPLES = Path(__file__).parents[2] / "examples"
HELLO = [{"role": "user", "content": "Hello"}]


def loaded(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.parametrize("name", ["embed_in_fastapi", "embed_in_starlette"])
def test_the_gateway_answers_beneath_the_path_it_is_mounted_at(name):
    with TestClient(loaded(name)["app"], base_url="http://localhost") as client:
        chat = client.post(
            "/llm/v1/chat/completions", json={"model": "mock/echo", "messages": HELLO}
        )
        models = client.get("/llm/v1/models").json()["data"]
        unknown = client.get("/llm/nothing")
    assert chat.json()["choices"][0]["message"]["content"] == "Hello"
    assert "mock/echo" in [model["id"] for model in models]
    assert unknown.status_code == 404
    assert "/nothing" in unknown.json()["error"]["message"]


def test_an_application_around_it_sees_its_requests():
    with TestClient(loaded("embed_in_fastapi")["app"], base_url="http://localhost") as client:
        assert client.get("/").json() == {"active_requests": 0}


def test_a_custom_provider_serves_clients_of_every_dialect():
    with TestClient(loaded("custom_provider")["app"], base_url="http://localhost") as client:
        body = {"model": "any", "max_tokens": 9, "messages": HELLO, "input": "Hello"}
        for path in ("/v1/chat/completions", "/v1/responses", "/v1/messages"):
            assert "turn 1" in client.post(path, json=body).text
            streamed = client.post(path, json=body | {"stream": True}).text
            assert streamed.index("turn ") < streamed.index("1 ")


async def test_a_custom_provider_keeps_the_contract():
    class Opened:
        async def __aenter__(self):
            return loaded("custom_provider")["TurnCounter"]()

        async def __aexit__(self, *exc):
            pass

    await check_provider(Opened, chat_request)


def test_the_sdks_run_in_one_process():
    run = subprocess.run(
        [sys.executable, EXAMPLES / "sdk_in_process.py"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    first, second = run.stdout.splitlines()
    assert first == "Hello"
    assert second
