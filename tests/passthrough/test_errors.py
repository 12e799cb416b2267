"""Errors arrive as the SDK's own exceptions, with status, request id, body and headers."""

import asyncio

import anthropic
import openai
import pytest

from lunaroute_core.testing import Close, Hang, Reply, ScriptedUpstream, json_reply, sse_reply

STATUSES = [400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 502, 503, 529]
OPENAI_BODY = {"error": {"message": "no", "type": "t", "param": "p", "code": "c"}}
ANTHROPIC_BODY = {
    "type": "error",
    "error": {"type": "overloaded_error", "message": "no"},
    "request_id": "req_up",
}
IDS = ((b"x-request-id", b"req_up"), (b"request-id", b"req_up"), (b"retry-after", b"3"))


def ask_openai(url, *, model="m", stream=False):
    with openai.OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0) as client:
        answer = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "hi"}], stream=stream
        )
        return list(answer) if stream else answer


def ask_anthropic(url, *, model="m", stream=False):
    with anthropic.Anthropic(api_key="k", base_url=url, max_retries=0) as client:
        answer = client.messages.create(
            model=model,
            max_tokens=9,
            messages=[{"role": "user", "content": "hi"}],
            stream=stream,
        )
        return list(answer) if stream else answer


ASK = {"openai": (ask_openai, OPENAI_BODY), "anthropic": (ask_anthropic, ANTHROPIC_BODY)}
API_ERRORS = (openai.APIError, anthropic.APIError)


async def error_of(ask, url, **options):
    with pytest.raises(API_ERRORS) as caught:
        await asyncio.to_thread(ask, url, **options)
    return caught.value


def told(error):
    headers = error.response.headers
    return {
        "class": type(error),
        "status": error.status_code,
        "request_id": error.request_id,
        "body": error.body,
        "message": error.message,
        "retry_after": headers.get("retry-after"),
    }


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("vendor", ASK)
async def test_an_upstreams_error_is_the_same_as_without_the_gateway(
    gateway, vendor, status, stream
):
    ask, body = ASK[vendor]
    reply = json_reply(status, body, headers=IDS)
    async with ScriptedUpstream(reply) as upstream:
        straight = await error_of(ask, upstream.url, stream=stream)
    async with gateway(reply) as (url, _):
        through = await error_of(ask, url, stream=stream)
    assert told(through) == told(straight)
    assert through.request_id == "req_up"


@pytest.mark.parametrize("vendor", ASK)
@pytest.mark.parametrize(
    ("reply", "config", "status"),
    [
        (Reply([Close()]), {}, 502),
        (json_reply(200, b"<html>"), {}, 502),
        (Reply([Hang()]), {"http_client": {"first_byte_timeout_secs": 0.1}}, 504),
    ],
)
async def test_the_gateways_own_errors_have_its_request_id(gateway, vendor, reply, config, status):
    ask, _ = ASK[vendor]
    async with gateway(reply, **config) as (url, _):
        error = await error_of(ask, url)
    assert error.status_code == status
    assert error.request_id.startswith("req_")
    assert error.request_id == error.response.headers["x-request-id"]


@pytest.mark.parametrize("vendor", ASK)
async def test_a_model_nobody_has_is_not_found(gateway, vendor):
    ask, _ = ASK[vendor]
    providers = {"mock": {"type": "mock"}}
    async with gateway([], config={"providers": providers}) as (url, _):
        error = await error_of(ask, url, model="mock/none")
    assert error.status_code == 404
    assert "none" in error.message


@pytest.mark.parametrize("end", ["clean", "cut", "reset"])
async def test_a_broken_stream_is_never_silent(gateway, end):
    """Neither SDK notices a clean early end by itself: the gateway says it as an error event."""
    start = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
    start |= {"stop_reason": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    begin = b'event: message_start\ndata: {"type":"message_start","message":%b}\n\n'
    body = json_reply(200, start).steps[0].data.partition(b"\r\n\r\n")[2]
    async with gateway(sse_reply([begin % body], end=end)) as (url, _):
        error = await error_of(ask_anthropic, url, stream=True)
    assert isinstance(error, anthropic.APIStatusError)
    assert "ended before" in error.message or "broke off" in error.message
