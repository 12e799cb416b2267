"""The HTTP client whose transport is the gateway: real streaming, real errors, nothing left."""

import asyncio

import anthropic
import httpx2
import openai
import pytest

from lunaroute_core import ErrorDetails, ErrorKind, UpstreamAnsweredError
from lunaroute_core.testing import FakeProvider, Pause, stream_events, text_response
from lunaroute_server.config import config_from_mapping
from lunaroute_server.gateway import Gateway
from lunaroute_server.in_process import StreamingASGITransport

HELLO = [{"role": "user", "content": "hi"}]
CHAT = {"model": "m", "messages": HELLO, "stream": True}


def openai_sdk(gateway):
    return openai.AsyncOpenAI(api_key="k", http_client=gateway.http_client(), max_retries=0)


def anthropic_sdk(gateway):
    return anthropic.AsyncAnthropic(api_key="k", http_client=gateway.http_client(), max_retries=0)


async def test_both_sdks_run_with_their_own_base_urls():
    gateway = Gateway.from_config(config_from_mapping({"providers": {"mock": {}}}))
    async with gateway, openai_sdk(gateway) as first, anthropic_sdk(gateway) as second:
        chat = await first.chat.completions.create(model="echo", messages=HELLO)
        message = await second.messages.create(model="echo", max_tokens=9, messages=HELLO)
    assert chat.choices[0].message.content == message.content[0].text == "hi"


async def test_events_arrive_while_the_provider_is_still_writing():
    gate = asyncio.Event()
    start, opened, *rest = stream_events(text_response("hi"))
    provider = FakeProvider([start, opened, Pause(gate), *rest])
    gateway = Gateway(provider=provider)
    async with gateway, openai_sdk(gateway) as client:
        stream = await client.chat.completions.create(model="m", messages=HELLO, stream=True)
        async with asyncio.timeout(5):
            first = await anext(aiter(stream))
        assert first.choices[0].delta.role == "assistant"
        assert not gate.is_set()
        gate.set()
        text = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(text) == "hi"


async def test_leaving_a_stream_ends_it_at_the_provider():
    provider = FakeProvider([*stream_events(text_response("hi"))[:3], Pause(asyncio.Event())])
    gateway = Gateway(provider=provider)
    async with gateway, gateway.http_client() as client:
        async with client.stream("POST", "/v1/chat/completions", json=CHAT) as answer:
            await anext(answer.aiter_raw())
            assert provider.open_streams == 1
        assert provider.open_streams == 0
        assert gateway.active_requests == 0


async def test_a_cancelled_call_ends_at_the_provider():
    asked, ended = asyncio.Event(), asyncio.Event()

    async def never(_request):
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    gateway = Gateway(provider=FakeProvider(never))
    async with gateway, gateway.http_client() as client, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(client.post("/v1/chat/completions", json=CHAT))
        await asked.wait()
        call.cancel()
        await ended.wait()


async def test_errors_are_the_sdks_own():
    details = ErrorDetails(kind=ErrorKind.RATE_LIMIT, message="slowly", retry_after=3.0)
    gateway = Gateway(provider=FakeProvider(UpstreamAnsweredError(details, provider="fake")))
    async with gateway, openai_sdk(gateway) as first, anthropic_sdk(gateway) as second:
        with pytest.raises(openai.RateLimitError, match="slowly") as caught:
            await first.chat.completions.create(model="m", messages=HELLO)
        assert caught.value.response.headers["retry-after"] == "3"
        with pytest.raises(anthropic.RateLimitError, match="slowly"):
            await second.messages.create(model="m", max_tokens=9, messages=HELLO)


async def test_path_query_headers_and_body_arrive_as_they_were_sent():
    seen = []

    async def app(scope, receive, send):
        seen.append((scope["raw_path"], scope["query_string"], scope["headers"], await receive()))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with httpx2.AsyncClient(transport=StreamingASGITransport(app=app)) as client:
        await client.post(
            "http://x/a%2Fb?c=%20d", headers=[("x-a", "1"), ("x-a", "2")], content="é"
        )
    ((path, query, headers, message),) = seen
    assert (path, query) == (b"/a%2Fb", b"c=%20d")
    assert [value for name, value in headers if name == b"x-a"] == [b"1", b"2"]
    assert message == {"type": "http.request", "body": "é".encode(), "more_body": False}


@pytest.mark.parametrize("started", [False, True])
async def test_an_application_that_breaks_off_is_an_error(started):
    async def app(scope, receive, send):
        if started:
            await send({"type": "http.response.start", "status": 200, "headers": []})

    async with httpx2.AsyncClient(transport=StreamingASGITransport(app=app)) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("http://x/")


async def test_an_application_that_crashes_says_how():
    async def app(scope, receive, send):
        raise ZeroDivisionError

    async with httpx2.AsyncClient(transport=StreamingASGITransport(app=app)) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("http://x/")
