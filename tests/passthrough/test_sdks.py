"""The official SDKs, straight to an upstream and through the gateway: nothing differs."""

import asyncio
import json
from contextlib import asynccontextmanager

import anthropic
import httpx2
import openai
import pytest

from lunaroute_core.testing import ScriptedUpstream, json_reply, raw_reply, sse_reply

# Headers that belong to one connection, or are negotiated for it.
CONNECTION = {b"host", b"accept-encoding", b"connection", b"content-length", b"transfer-encoding"}
HEADERS = {"X-Team": "blue"}
TOOL = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {}}},
}
CHAT = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "héllo", "annotations": []}],
        }
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "unknown_to_everybody": {"kept": True},
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "héllo"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}


def frame(value, event=None):
    name = b"" if event is None else b"event: %b\n" % event.encode()
    return name + b"data: %b\n\n" % json.dumps(value, ensure_ascii=False).encode()


def chunk(delta, reason=None):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return frame(
        {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        | {"choices": [choice]}
    )


CHAT_FRAMES = [
    b": a comment\n\n",
    chunk({"role": "assistant", "content": "hé"}),
    chunk({"content": "llo 𝄞"}) + chunk({"content": "!"}),
    chunk({}, "stop").replace(b"\n", b"\r\n"),
    b"data: [DONE]\n\n",
]
RESPONSE_FRAMES = [
    frame(
        {"type": kind, "sequence_number": number, "response": RESPONSE | {"status": status}}, kind
    )
    for number, (kind, status) in enumerate(
        [("response.created", "in_progress"), ("response.completed", "completed")]
    )
]
MESSAGE_EVENTS = [
    {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "héllo"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "an_event_of_tomorrow", "data": 1},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
MESSAGE_FRAMES = [frame(event, event["type"]) for event in MESSAGE_EVENTS]
UPSTREAM_HEADERS = (
    (b"x-request-id", b"req_up"),
    (b"request-id", b"req_up"),
    (b"x-ratelimit-remaining-requests", b"7"),
    (b"set-cookie", b"a=1"),
    (b"set-cookie", b"b=2"),
)

HISTORY = [
    {"role": "user", "content": "hé"},
    CHAT["choices"][0]["message"],
    {"role": "tool", "tool_call_id": "t1", "content": "r"},
]
TURN = [
    {
        "role": "user",
        "content": [{"type": "text", "text": "hé", "cache_control": {"type": "ephemeral"}}],
    }
]
TURN_TOOL = [{"name": "f", "input_schema": {"type": "object"}}]


def listed(events):
    return [event.model_dump(mode="json") for event in events]


def chat_stream(client):
    with client.chat.completions.stream(model="m", messages=HISTORY[:1]) as stream:
        return [event.type for event in stream], stream.get_final_completion().model_dump()


def messages_stream(client):
    with client.messages.stream(model="m", max_tokens=9, messages=TURN) as stream:
        return "".join(stream.text_stream), stream.get_final_message().model_dump()


def count(client):
    return client.messages.count_tokens(model="m", messages=TURN, tools=TURN_TOOL).input_tokens


OPENAI_CALLS = {
    "chat": (
        json_reply(200, CHAT, headers=UPSTREAM_HEADERS),
        lambda c: c.chat.completions.create(
            model="m", messages=HISTORY, tools=[TOOL], extra_headers=HEADERS
        ).to_dict(),
    ),
    "chat, extra query and body": (
        json_reply(200, CHAT),
        lambda c: c.chat.completions.create(
            model="m", messages=HISTORY, extra_query={"a": ["1", "2"]}, extra_body={"new": None}
        ).to_dict(),
    ),
    "chat stream": (
        sse_reply(CHAT_FRAMES, chunk_sizes=[1]),
        lambda c: listed(c.chat.completions.create(model="m", messages=HISTORY, stream=True)),
    ),
    "chat stream helper": (sse_reply(CHAT_FRAMES[1:]), chat_stream),
    "responses": (
        json_reply(200, RESPONSE, headers=UPSTREAM_HEADERS),
        lambda c: c.responses.create(model="m", input="hé").to_dict(),
    ),
    "responses stream": (
        sse_reply(RESPONSE_FRAMES, chunk_sizes=[7, 3]),
        lambda c: listed(c.responses.create(model="m", input="hé", stream=True)),
    ),
    "models": (
        json_reply(200, {"object": "list", "data": [{"id": "m", "object": "model"}]}),
        lambda c: [model.id for model in c.models.list()],
    ),
    "one model": (
        json_reply(200, {"id": "m/1", "object": "model", "created": 1, "owned_by": "x"}),
        lambda c: c.models.retrieve("m/1").id,
    ),
    "embeddings": (
        json_reply(200, {"object": "list", "model": "e", "data": [], "usage": {}}),
        lambda c: c.embeddings.create(model="e", input="hé", encoding_format="float").model,
    ),
    "speech": (
        raw_reply(
            b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 4\r\n\r\n\x00\xff\x00\xff"
        ),
        lambda c: c.audio.speech.create(model="tts", voice="alloy", input="hé").content,
    ),
}
ANTHROPIC_CALLS = {
    "messages": (
        json_reply(200, MESSAGE, headers=UPSTREAM_HEADERS),
        lambda c: c.messages.create(
            model="m", max_tokens=9, messages=TURN, tools=TURN_TOOL, extra_headers=HEADERS
        ).to_dict(),
    ),
    "beta messages": (
        json_reply(200, MESSAGE),
        lambda c: c.beta.messages.create(
            model="m", max_tokens=9, messages=TURN, betas=["one-2026-01-01", "two-2026-01-01"]
        ).to_dict(),
    ),
    "messages stream": (
        sse_reply(MESSAGE_FRAMES, chunk_sizes=[1]),
        lambda c: listed(c.messages.create(model="m", max_tokens=9, messages=TURN, stream=True)),
    ),
    "messages stream helper": (sse_reply(MESSAGE_FRAMES), messages_stream),
    "count_tokens": (json_reply(200, {"input_tokens": 14}), count),
    "models": (
        json_reply(
            200,
            {
                "data": [
                    {
                        "type": "model",
                        "id": "m",
                        "display_name": "M",
                        "created_at": "2026-01-01T00:00:00Z",
                    }
                ],
                "has_more": False,
                "first_id": "m",
                "last_id": "m",
            },
        ),
        lambda c: [model.id for model in c.models.list(limit=5)],
    ),
}


def openai_client(url):
    return openai.OpenAI(api_key="sk-client", base_url=f"{url}/v1", max_retries=0)


def anthropic_client(url):
    return anthropic.Anthropic(api_key="sk-ant-client", base_url=url, max_retries=0)


def arrived(upstream):
    """What the upstream saw, without what belongs to one connection."""
    (request,) = upstream.requests
    headers = [(name.lower(), value) for name, value in request.headers]
    kept = sorted(pair for pair in headers if pair[0] not in CONNECTION)
    return request.method, request.target, request.body, kept


@asynccontextmanager
async def direct(script):
    async with ScriptedUpstream(script) as upstream:
        yield upstream.url, upstream


async def outcome(open_target, make_client, call):
    """What a call gives, and what arrived for it."""
    async with open_target as (url, upstream):
        with make_client(url) as client:
            result = await asyncio.to_thread(call, client)
        return result, arrived(upstream)


@pytest.mark.parametrize("name", OPENAI_CALLS)
async def test_openai(gateway, name):
    reply, call = OPENAI_CALLS[name]
    straight = await outcome(direct(reply), openai_client, call)
    through = await outcome(gateway(reply), openai_client, call)
    assert through == straight


@pytest.mark.parametrize("name", ANTHROPIC_CALLS)
async def test_anthropic(gateway, name):
    reply, call = ANTHROPIC_CALLS[name]
    straight = await outcome(direct(reply), anthropic_client, call)
    through = await outcome(gateway(reply), anthropic_client, call)
    assert through == straight


async def test_an_asynchronous_openai_client_streams(gateway):
    async with (
        gateway(sse_reply(CHAT_FRAMES[1:])) as (url, _),
        openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1") as client,
    ):
        stream = await client.chat.completions.create(model="m", messages=HISTORY, stream=True)
        text = [part.choices[0].delta.content or "" async for part in stream]
    assert "".join(text) == "héllo 𝄞!"


async def test_an_asynchronous_anthropic_client_streams(gateway):
    async with (
        gateway(sse_reply(MESSAGE_FRAMES)) as (url, _),
        anthropic.AsyncAnthropic(api_key="k", base_url=url) as client,
        client.messages.stream(model="m", max_tokens=9, messages=TURN) as stream,
    ):
        assert await stream.get_final_text() == "héllo"


PATHS = {
    "openai_chat": ("/v1/chat/completions", CHAT, CHAT_FRAMES),
    "openai_responses": ("/v1/responses", RESPONSE, RESPONSE_FRAMES),
    "anthropic_messages": ("/v1/messages", MESSAGE, MESSAGE_FRAMES),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", PATHS)
async def test_answers_are_the_same_bytes_and_headers(gateway, dialect, stream):
    """Repeated headers, the vendor's request id and its rate limits included."""
    path, whole, frames = PATHS[dialect]
    reply = (
        sse_reply(frames, headers=UPSTREAM_HEADERS, chunk_sizes=[11, 1, 64])
        if stream
        else json_reply(200, whole, headers=UPSTREAM_HEADERS)
    )

    async def answered(url):
        body = {"model": "m", "max_tokens": 9, "messages": [], "stream": stream}
        async with (
            httpx2.AsyncClient() as client,
            client.stream("POST", url + path, json=body) as r,
        ):
            raw = b"".join([piece async for piece in r.aiter_raw()])
            headers = [(name.lower(), value) for name, value in r.headers.raw]
        kept = [pair for pair in headers if pair[0] not in CONNECTION | {b"date"}]
        return r.status_code, raw, sorted(p for p in kept if not p[0].startswith(b"x-lunaroute-"))

    async with direct(reply) as (url, _):
        straight = await answered(url)
    async with gateway(reply) as (url, _):
        through = await answered(url)
    assert through == straight
