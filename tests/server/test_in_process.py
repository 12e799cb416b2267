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


def client_of(app):
    return httpx2.AsyncClient(transport=StreamingASGITransport(app=app), base_url="http://x")


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
        async with asyncio.timeout(5):
            stream = await client.chat.completions.create(model="m", messages=HELLO, stream=True)
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


async def test_calls_do_not_wait_for_one_another():
    everyone = asyncio.Barrier(8)

    async def together(request):
        await everyone.wait()
        return text_response(request.normalized.turns[0].blocks[0].text)

    gateway = Gateway(provider=FakeProvider(together))
    async with gateway, openai_sdk(gateway) as client, asyncio.TaskGroup() as tasks:
        calls = [
            tasks.create_task(
                client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": str(number)}]
                )
            )
            for number in range(8)
        ]
    assert [call.result().choices[0].message.content for call in calls] == list("01234567")


async def test_both_kinds_of_stream_can_be_read_side_by_side():
    gateway = Gateway(provider=FakeProvider(text_response("once upon a time")))
    async with gateway, openai_sdk(gateway) as first, anthropic_sdk(gateway) as second:
        chunks = await first.chat.completions.create(model="m", messages=HELLO, stream=True)
        async with second.messages.stream(model="m", max_tokens=9, messages=HELLO) as message:
            await anext(aiter(message))
            assert gateway.active_requests == 2
            chat = [chunk.choices[0].delta.content or "" async for chunk in chunks]
            assert "".join(chat) == await message.get_final_text() == "once upon a time"


async def test_one_client_closed_leaves_the_gateway_and_other_clients_alone():
    gateway = Gateway(provider=FakeProvider())
    async with gateway, openai_sdk(gateway) as kept:
        async with openai_sdk(gateway):
            pass
        assert gateway.is_open
        answer = await kept.chat.completions.create(model="m", messages=HELLO)
    assert answer.choices


async def test_a_call_when_the_gateway_is_closed_is_answered_with_an_error():
    config = config_from_mapping({"providers": {"openai": {"api_key": "k"}}})
    gateway = Gateway.from_config(config)
    async with openai_sdk(gateway) as client:
        with pytest.raises(openai.InternalServerError, match="internal error of the gateway"):
            await client.chat.completions.create(model="m", messages=HELLO)
    assert gateway.active_requests == 0


async def test_the_names_a_gateway_is_called_by_are_no_concern_of_its_own_client():
    config = {"providers": {"mock": {}}, "http_server": {"allowed_hosts": ["llm.example"]}}
    gateway = Gateway.from_config(config_from_mapping(config))
    async with gateway, openai_sdk(gateway) as client:
        assert await client.chat.completions.create(model="echo", messages=HELLO)


async def test_an_sdks_timeout_ends_the_call_at_the_provider():
    async def never(_request):
        await asyncio.Event().wait()

    gateway = Gateway(provider=FakeProvider(never))
    async with gateway, openai_sdk(gateway) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(model="m", messages=HELLO, timeout=0.01)
        assert gateway.active_requests == 0


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

    async with client_of(app) as client:
        await client.post("/a%2Fb?c=%20d", headers=[("x-a", "1"), ("x-a", "2")], content="é")
    ((path, query, headers, message),) = seen
    assert (path, query) == (b"/a%2Fb", b"c=%20d")
    assert [value for name, value in headers if name == b"x-a"] == [b"1", b"2"]
    assert [value for name, value in headers if name == b"host"] == [b"localhost"]
    assert message == {"type": "http.request", "body": "é".encode(), "more_body": False}


async def begin(send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half of", "more_body": True})


@pytest.mark.parametrize("started", [False, True])
async def test_an_application_that_breaks_off_is_an_error(started):
    async def app(scope, receive, send):
        if started:
            await begin(send)

    async with client_of(app) as client:
        with pytest.raises(httpx2.RemoteProtocolError) as caught:
            await client.get("/")
    assert caught.value.__cause__ is None


async def test_an_application_that_crashes_before_its_answer_says_how():
    async def app(scope, receive, send):
        raise ZeroDivisionError

    async with client_of(app) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/")


async def test_an_application_that_crashes_in_its_answer_is_the_cause_of_the_error():
    async def app(scope, receive, send):
        await begin(send)
        raise ZeroDivisionError

    async with client_of(app) as client, client.stream("GET", "/") as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"half of"
        with pytest.raises(httpx2.RemoteProtocolError) as caught:
            await anext(pieces)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("started", [False, True])
async def test_an_application_that_falls_silent_meets_the_read_timeout(started):
    ended = asyncio.Event()

    async def app(scope, receive, send):
        if started:
            await begin(send)
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with client_of(app) as client:
        with pytest.raises(httpx2.ReadTimeout, match=r"0\.01 seconds"):
            await client.get("/", timeout=0.01)
    assert ended.is_set()


async def test_an_application_hears_that_its_client_has_left_only_then():
    heard = []

    async def app(scope, receive, send):
        heard.append(await receive())
        await begin(send)
        await send({"type": "http.response.body", "body": b" it"})
        heard.append(await receive())

    async with client_of(app) as client, client.stream("GET", "/") as answer:
        assert await answer.aread() == b"half of it"
    assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]
