"""A provider that pauses a turn and then fails: another one answers all of it, or the client of a
stream that has begun is told.
"""

import json

import openai
import pytest

from lunaroute_core.sse import encode_event
from lunaroute_core.testing import ScriptedUpstream, json_reply, sse_reply
from lunaroute_server import Gateway
from lunaroute_server.config import config_from_mapping

BUSY = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
HI = [{"role": "user", "content": "hi"}]
PAUSED = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "one "}],
    "stop_reason": "pause_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "two"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def events():
    yield {"type": "message_start", "message": {**PAUSED, "content": [], "stop_reason": None}}
    for index, block in enumerate(PAUSED["content"]):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        yield {"type": "content_block_stop", "index": index}
    delta = {"stop_reason": "pause_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": PAUSED["usage"]}
    yield {"type": "message_stop"}


def failing(request):
    """Pauses, and is busy when it is to go on."""
    body = json.loads(request.body)
    if body["messages"][-1]["role"] == "assistant":
        return json_reply(529, BUSY)
    if not body.get("stream"):
        return json_reply(200, PAUSED)
    return sse_reply([encode_event(json.dumps(it).encode(), event=it["type"]) for it in events()])


@pytest.fixture
async def routed():
    async with (
        ScriptedUpstream(failing) as one,
        ScriptedUpstream(json_reply(200, COMPLETION)) as other,
    ):
        providers = {
            "one": {"type": "anthropic", "base_url": one.url, "api_key": "k"},
            "other": {"type": "openai", "base_url": f"{other.url}/v1", "api_key": "k"},
        }
        rule = {"name": "all", "match": {}, "primary": "one", "fallbacks": ["other"]}
        retry = {"max_retries": 0}
        routing = {"rules": [rule]}
        config = {"providers": {it: {**own, "retry": retry} for it, own in providers.items()}}
        async with Gateway.from_config(
            config_from_mapping({**config, "routing": routing})
        ) as gateway:
            http = gateway.http_client()
            yield openai.AsyncOpenAI(api_key="k", http_client=http, max_retries=0).chat.completions


SEARCHING = {"model": "gpt-search", "messages": HI, "web_search_options": {}}


async def test_another_provider_answers_all_of_it(routed):
    answer = await routed.with_raw_response.create(**SEARCHING)
    assert answer.parse().choices[0].message.content == "two"
    assert answer.headers["x-lunaroute-provider"] == "other"
    assert answer.headers["x-lunaroute-attempts"] == "3"


async def test_a_stream_that_has_begun_is_told(routed):
    said = []

    async def listen():
        async for chunk in await routed.create(**SEARCHING, stream=True):
            said.extend(it.delta.content for it in chunk.choices if it.delta.content)

    with pytest.raises(openai.APIError, match="busy"):
        await listen()
    assert said == ["one "]
