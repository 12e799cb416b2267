"""The official SDKs in the gateway's own process: what arrives upstream, and when it comes back."""

import asyncio
import json

import anthropic
import openai
import pytest

from lunaroute_core.testing import Pause, ScriptedUpstream, json_reply, sse_reply
from lunaroute_server import Gateway
from lunaroute_server.config import config_from_mapping

HI = [{"role": "user", "content": "hé 𝄞"}]
PATIENCE_SECS = 10.0


def frame(content):
    name = f"event: {content['type']}\n" if "type" in content else ""
    return f"{name}data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()


def chunk(content, reason=None):
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": reason}
    return frame({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})


RESPONSE = {"id": "r", "object": "response", "created_at": 1, "model": "m", "output": []}
RESPONSE |= {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
MESSAGE |= {"stop_reason": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
# The first event of each dialect's stream, and the rest of it.
FRAMES = {
    "chat": [chunk("hé"), chunk(" 𝄞", "stop") + b"data: [DONE]\n\n"],
    "responses": [
        frame({"type": f"response.{name}", "sequence_number": number, "response": RESPONSE})
        for number, name in enumerate(["created", "completed"])
    ],
    "messages": [
        frame({"type": "message_start", "message": MESSAGE}),
        frame({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}})
        + frame({"type": "message_stop"}),
    ],
}


def chat(client, **options):
    return client.chat.completions.create(model="m", messages=HI, **options)


def respond(client, **options):
    return client.responses.create(model="m", input=HI, **options)


def message(client, **options):
    return client.messages.create(model="m", max_tokens=9, messages=HI, **options)


SPOKEN = {
    "chat": ("openai", chat),
    "responses": ("openai", respond),
    "messages": ("anthropic", message),
}


def sdk_at(url, vendor, **options):
    if vendor == "openai":
        return openai.AsyncOpenAI(api_key="sk-client", base_url=url, max_retries=0, **options)
    return anthropic.AsyncAnthropic(api_key="sk-ant-client", max_retries=0, base_url=url, **options)


def gateway_to(upstream):
    dialects = ["openai_chat", "openai_responses"]
    providers = {
        "openai": {"base_url": f"{upstream.url}/v1", "dialects": dialects},
        "anthropic": {"base_url": upstream.url},
    }
    return Gateway.from_config(config_from_mapping({"providers": providers}))


def sdk_inside(gateway, vendor):
    """As documented: the SDK has its own base URL, which the HTTP client does not look at."""
    return sdk_at(None, vendor, http_client=gateway.http_client())


def sent(request):
    remade = {b"host", b"accept-encoding", b"connection"}
    headers = sorted((name.lower(), value) for name, value in request.headers)
    return (
        request.method,
        request.target,
        request.body,
        [pair for pair in headers if pair[0] not in remade],
    )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", SPOKEN)
async def test_the_upstream_is_sent_what_it_would_be_sent_without_the_gateway(name, stream):
    vendor, call = SPOKEN[name]
    reply = sse_reply(FRAMES[name]) if stream else json_reply(200, {"choices": []})
    if not stream and name != "chat":
        reply = json_reply(200, RESPONSE if name == "responses" else MESSAGE)
    odd = {"extra_headers": {"X-Team": "blue"}, "extra_query": {"a": ["1", "2"]}}
    odd |= {"stream": stream, "timeout": 600}  # which the SDK tells the vendor
    async with ScriptedUpstream(reply) as upstream:
        url = f"{upstream.url}/v1" if vendor == "openai" else upstream.url
        async with sdk_at(url, vendor) as client:
            await discarded(await call(client, **odd))
        async with gateway_to(upstream) as gateway, sdk_inside(gateway, vendor) as client:
            await discarded(await call(client, **odd))
    straight, through = upstream.requests
    assert sent(through) == sent(straight)


async def discarded(answer):
    if hasattr(answer, "__aiter__"):
        async for _ in answer:
            pass


@pytest.mark.parametrize("name", SPOKEN)
async def test_the_first_event_is_there_while_the_upstream_still_thinks(name):
    vendor, call = SPOKEN[name]
    first, rest = FRAMES[name]
    thinking = asyncio.Event()
    async with (
        ScriptedUpstream(sse_reply([first, Pause(thinking), rest])) as upstream,
        gateway_to(upstream) as gateway,
        sdk_inside(gateway, vendor) as client,
    ):
        async with asyncio.timeout(PATIENCE_SECS):
            stream = await call(client, stream=True)
            events = aiter(stream)
            assert await anext(events)
        assert gateway.active_requests == 1
        thinking.set()
        assert [event async for event in events]
        assert gateway.active_requests == 0


@pytest.mark.parametrize("name", SPOKEN)
async def test_leaving_a_stream_early_ends_the_call_upstream(name):
    vendor, call = SPOKEN[name]
    first, rest = FRAMES[name]
    async with (
        ScriptedUpstream(sse_reply([first, Pause(asyncio.Event()), rest])) as upstream,
        gateway_to(upstream) as gateway,
        sdk_inside(gateway, vendor) as client,
    ):
        async with asyncio.timeout(PATIENCE_SECS):
            async with await call(client, stream=True) as stream:
                await anext(aiter(stream))
            assert gateway.active_requests == 0
            await upstream.disconnected(1)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", SPOKEN)
async def test_cancelling_a_call_ends_it_upstream(name, stream):
    vendor, call = SPOKEN[name]
    async with (
        ScriptedUpstream(sse_reply([Pause(asyncio.Event())])) as upstream,
        gateway_to(upstream) as gateway,
        sdk_inside(gateway, vendor) as client,
        asyncio.timeout(PATIENCE_SECS),
        asyncio.TaskGroup() as tasks,
    ):
        asking = tasks.create_task(call(client, stream=stream))
        await upstream.received(1)
        asking.cancel()
        await upstream.disconnected(1)
        await asyncio.wait({asking})
        assert gateway.active_requests == 0


@pytest.mark.parametrize("name", SPOKEN)
async def test_an_upstreams_error_is_the_sdks_own_with_its_request_id(name):
    vendor, call = SPOKEN[name]
    headers = ((b"x-request-id", b"req_up"), (b"request-id", b"req_up"), (b"retry-after", b"3"))
    reply = json_reply(429, {"type": "error", "error": {"message": "slowly"}}, headers=headers)
    async with (
        ScriptedUpstream(reply) as upstream,
        gateway_to(upstream) as gateway,
        sdk_inside(gateway, vendor) as client,
    ):
        with pytest.raises((openai.RateLimitError, anthropic.RateLimitError)) as caught:
            await call(client)
    assert caught.value.request_id == "req_up"
    assert caught.value.response.headers["retry-after"] == "3"


@pytest.mark.parametrize("name", SPOKEN)
async def test_a_stream_that_breaks_off_is_said_and_nothing_is_left(name):
    vendor, call = SPOKEN[name]
    async with (
        ScriptedUpstream(sse_reply(FRAMES[name][:1], end="cut")) as upstream,
        gateway_to(upstream) as gateway,
        sdk_inside(gateway, vendor) as client,
    ):
        said = []
        try:
            said += [str(event) async for event in await call(client, stream=True)]
        except (openai.APIError, anthropic.APIError) as error:
            said.append(str(error))
        assert "broke off" in said[-1]
        assert gateway.active_requests == 0
