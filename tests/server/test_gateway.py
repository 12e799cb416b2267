"""The gateway as an object: opened, closed, asked, drained."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientTimeout
from multidict import CIMultiDict
from yarl import URL

from lunaroute_core import ConfigurationError
from lunaroute_core.testing import (
    FakeProvider,
    Pause,
    ScriptedUpstream,
    chat_request,
    check_provider,
    json_reply,
    stream_events,
    text_response,
    wire_request,
)
from lunaroute_egress import HttpClient
from lunaroute_server.config import config_from_mapping
from lunaroute_server.gateway import Gateway

MOCK = {"providers": {"mock": {"type": "mock"}}}
CHAT = {"model": "echo", "messages": [{"role": "user", "content": "hi"}]}


async def get(client, url="http://127.0.0.1:9"):
    target = URL(url)
    deadline = ClientTimeout(total=5)
    answer = await client.request(
        "GET", target, server=target, headers=CIMultiDict(), body=b"", deadline=deadline
    )
    async with answer:
        return answer


def test_without_a_configuration_both_vendors_and_the_mock_are_there():
    assert Gateway.from_config().provider_names == ("openai", "anthropic", "mock")


def test_without_a_configuration_the_environment_and_the_users_own_file_count(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("LUNAROUTE_HOME")
    users = tmp_path / ".lunaroute" / "config.yaml"
    users.parent.mkdir()
    users.write_text("providers: {mock: {}}\n")
    assert Gateway.from_config().provider_names == ("mock",)
    monkeypatch.setenv("LUNAROUTE_LOG_REQUESTS", "true")
    assert Gateway.from_config().settings.log_requests


def test_a_configuration_or_the_path_of_one(tmp_path):
    path = tmp_path / "lunaroute.yaml"
    path.write_text("providers: {mock: {}}\nlogging: {log_requests: true}\n")
    for given in (path, str(path), config_from_mapping(MOCK | {"logging": {"log_requests": True}})):
        gateway = Gateway.from_config(given)
        assert gateway.provider_names == ("mock",)
        assert gateway.settings.log_requests


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.yaml"):
        Gateway.from_config(tmp_path / "none.yaml")


async def test_it_is_a_provider():
    inner = Gateway(provider=FakeProvider(text_response("hi")))
    outer = Gateway(provider=inner)
    async with outer:
        answer = await outer.send(chat_request())
        async with await outer.stream(chat_request(stream=True)) as stream:
            events = [event async for event in stream]
    assert answer.normalized.blocks[0].text == "hi"
    assert len(events) == len(stream_events(text_response("hi")))


async def test_it_keeps_a_providers_contract():
    await check_provider(
        lambda: Gateway(provider=FakeProvider(text_response("hi"))),
        chat_request,
        in_use=lambda gateway: gateway.active_requests + gateway.provider.open_streams,
    )


async def test_it_opens_once_and_may_be_opened_again():
    gateway = Gateway.from_config(config_from_mapping(MOCK))
    assert not gateway.is_open
    for _ in range(2):
        async with gateway, gateway.http_client() as client:
            assert gateway.is_open
            with pytest.raises(RuntimeError, match="open already"):
                await gateway.__aenter__()
            assert (await client.post("/v1/chat/completions", json=CHAT)).status_code == 200
        assert not gateway.is_open


async def test_a_client_that_cannot_be_opened_closes_those_that_are():
    class Sealed(HttpClient):
        async def __aenter__(self):
            raise OSError

    first = HttpClient()
    gateway = Gateway(provider=FakeProvider(), clients=[first, Sealed()])
    with pytest.raises(OSError):
        await gateway.__aenter__()
    assert not gateway.is_open
    with pytest.raises(RuntimeError, match="enter its gateway first"):
        await get(first)


async def test_what_runs_beside_it_is_open_while_the_stores_are():
    order = []

    @asynccontextmanager
    async def part(name):
        order.append(f"{name} opens")
        yield
        order.append(f"{name} closes")

    async with Gateway(provider=FakeProvider(), stores=[part("store")], beside=[part("task")]):
        pass
    assert order == ["store opens", "task opens", "task closes", "store closes"]


async def test_its_clients_are_closed_with_it():
    client = HttpClient()
    gateway = Gateway(provider=FakeProvider(), clients=[client])
    async with ScriptedUpstream(json_reply(200, {})) as upstream, gateway:
        assert (await get(client, upstream.url)).status == 200
    with pytest.raises(RuntimeError, match="enter its gateway first"):
        await get(client)


async def test_a_gateway_that_is_not_open_says_so():
    gateway = Gateway.from_config(config_from_mapping({"providers": {"openai": {}}}))
    with pytest.raises(RuntimeError, match="enter its gateway first"):
        await gateway.send(wire_request(b'{"model": "m", "messages": []}'))


@pytest.mark.parametrize("stream", [False, True])
async def test_after_draining_no_request_is_answered(stream):
    provider = FakeProvider(text_response("hi"))
    gateway = Gateway(provider=provider)
    async with gateway, gateway.http_client() as client:
        gateway.begin_drain(after=0.0)
        await asyncio.sleep(0)  # the timer's turn
        answer = await client.post("/v1/chat/completions", json=CHAT | {"stream": stream})
    assert answer.status_code == 503
    assert "shutting down" in answer.json()["error"]["message"]
    assert answer.headers["retry-after"] == "1"
    assert provider.requests == []


async def test_requests_over_http_are_counted_while_they_are_answered():
    counts = []

    def count(_request):
        counts.append(gateway.active_requests)
        return text_response("hi")

    gateway = Gateway(provider=FakeProvider(count))
    async with gateway, gateway.http_client() as client:
        await client.post("/v1/chat/completions", json=CHAT)
        await gateway.send(chat_request())
    assert counts == [1, 0]
    assert gateway.active_requests == 0


async def test_draining_ends_what_is_still_being_answered():
    """A stream that would never end is ended with its dialect's error event."""
    start = stream_events(text_response("hi"))[:3]
    provider = FakeProvider([*start, Pause(asyncio.Event())])
    gateway = Gateway(provider=provider)
    async with (
        gateway,
        gateway.http_client() as client,
        client.stream("POST", "/v1/chat/completions", json=CHAT | {"stream": True}) as answer,
    ):
        pieces = answer.aiter_text()
        await anext(pieces)
        assert gateway.active_requests == 1
        gateway.begin_drain(after=0.0)
        rest = "".join([piece async for piece in pieces])
    assert "shutting down" in rest
    assert "[DONE]" not in rest
    assert gateway.active_requests == 0
    assert provider.open_streams == 0
