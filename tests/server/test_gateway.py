"""The gateway as an object: opened, closed, asked, drained."""

import asyncio

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_core.testing import (
    FakeProvider,
    Pause,
    chat_request,
    stream_events,
    text_response,
    wire_request,
)
from lunaroute_server.config import Config, config_from_mapping
from lunaroute_server.gateway import Gateway

MOCK = {"providers": {"mock": {"type": "mock"}}}


def test_without_a_configuration_both_vendors_and_the_mock_are_there():
    assert Gateway.from_config().provider_names == ("openai", "anthropic", "mock")


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


async def test_it_opens_once_and_may_be_opened_again():
    gateway = Gateway.from_config(Config())
    assert not gateway.is_open
    for _ in range(2):
        async with gateway:
            assert gateway.is_open
            with pytest.raises(RuntimeError, match="open already"):
                await gateway.__aenter__()
        assert not gateway.is_open


async def test_a_gateway_that_is_not_open_says_so():
    gateway = Gateway.from_config(config_from_mapping({"providers": {"openai": {}}}))
    with pytest.raises(RuntimeError, match="enter its gateway first"):
        await gateway.send(wire_request(b'{"model": "m", "messages": []}'))


async def test_draining_ends_what_is_still_being_answered():
    """A stream that would never end is ended with its dialect's error event."""
    start = stream_events(text_response("hi"))[:3]
    provider = FakeProvider([*start, Pause(asyncio.Event())])
    gateway = Gateway(provider=provider)
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    async with (
        gateway,
        gateway.http_client() as client,
        client.stream("POST", "/v1/chat/completions", json=body) as answer,
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
