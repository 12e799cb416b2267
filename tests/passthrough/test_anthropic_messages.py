"""Messages with the official SDK: the gateway between makes no difference."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

HEADERS = (
    (b"request-id", b"req_up"),
    (b"anthropic-organization-id", b"org"),
    (b"anthropic-ratelimit-tokens-remaining", b"7"),
    (b"set-cookie", b"a=1"),
    (b"set-cookie", b"b=2"),
)
TURN = {"type": "text", "text": "hé 𝄞", "cache_control": {"type": "ephemeral"}}
ASKED = {"model": "m", "max_tokens": 2000, "messages": [{"role": "user", "content": [TURN]}]}
TOOL = {"name": "add", "input_schema": {"type": "object", "properties": {}}}
THOUGHT = {"type": "thinking", "thinking": "hm…", "signature": "EqQB+/=="}
USE = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1.5}}
TEXT = {"type": "text", "text": "héllo 𝄞!"}


def message(*content, stop="end_turn"):
    fields = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-2026"}
    fields |= {"content": list(content), "stop_reason": stop, "stop_sequence": None}
    return fields | {"usage": {"input_tokens": 1, "output_tokens": 2}, "of_tomorrow": {"kept": 1}}


def body(*content, stop="end_turn"):
    """As bytes whose spacing and escapes no JSON writer would choose again."""
    return json.dumps(message(*content, stop=stop), indent=1).encode() + b"\n\n"


def block(index, begun, *deltas):
    events = [{"type": "content_block_start", "index": index, "content_block": begun}]
    events += [{"type": "content_block_delta", "index": index, "delta": one} for one in deltas]
    return [*events, {"type": "content_block_stop", "index": index}]


def frame(event):
    text = json.dumps(event, ensure_ascii=False)
    return f"event: {event['type']}\ndata: {text}\n\n".encode()


def frames(*blocks, stop="end_turn"):
    start = {"type": "message_start", "message": message(stop=None)}
    delta = {"stop_reason": stop, "stop_sequence": None}
    end = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 2}}
    events = [start, *(one for events in blocks for one in events), end, {"type": "message_stop"}]
    return [frame(event) for event in events]


def text_delta(text):
    return {"type": "text_delta", "text": text}


THINKING = block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "hm…"},
    {"type": "signature_delta", "signature": "EqQB+/=="},
)
TEXT_FRAMES = frames(
    block(0, {"type": "text", "text": ""}, text_delta("hé"), text_delta("llo 𝄞"), text_delta("!"))
)
USE_FRAMES = frames(
    THINKING,
    block(
        1,
        USE | {"input": {}},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"a": 1'},
        {"type": "input_json_delta", "partial_json": ".5}"},
    ),
    stop="tool_use",
)
STREAM = b"".join(TEXT_FRAMES)
PING = frame({"type": "ping"})
ODD = {
    "one byte a chunk": sse_reply(TEXT_FRAMES, chunk_sizes=[1]),
    "all in one chunk": sse_reply([STREAM]),
    "UTF-8 in halves": sse_reply([STREAM], chunk_sizes=[STREAM.index("𝄞".encode()) + 3, 1, 9]),
    "CRLF": sse_reply([STREAM.replace(b"\n", b"\r\n")], chunk_sizes=[11, 1]),
    "comments, pings and unknown events": sse_reply(
        [
            b": hi\n\n" + TEXT_FRAMES[0],
            PING + PING,
            frame({"type": "an_event_of_tomorrow", "n": 1}),
            *TEXT_FRAMES[1:],
        ]
    ),
    "data before event": sse_reply(
        [b"\n".join(reversed(one.strip().split(b"\n"))) + b"\n\n" for one in TEXT_FRAMES]
    ),
}


def create(**options):
    return lambda client, _: client.messages.create(**ASKED, **options)


def text_of(events):
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return "".join(delta.get("text", "") for delta in deltas)


def bearer(request):
    return (request.header("authorization") or "").removeprefix("Bearer ")


async def test_a_whole_answer(compare):
    whole = body(THOUGHT, TEXT)
    seen = await compare("anthropic", json_reply(200, whole, headers=HEADERS), create())
    assert bytes(seen.answers[0].body) == whole
    assert seen.answers[0].header("request-id") == ["req_up"]
    (request,) = seen.requests
    assert request.header("anthropic-version")
    assert "sk-ant-client" in {request.header("x-api-key"), bearer(request)}
    assert request.header("x-stainless-lang") == "python"


async def test_everything_a_request_can_carry(compare):
    call = create(
        system=[TURN],
        tools=[TOOL],
        thinking={"type": "enabled", "budget_tokens": 1024},
        metadata={"user_id": "é"},
        extra_headers={"X-Team": "blue", "anthropic-version": "2099-01-01"},
        extra_query={"beta": "true", "a": ["1", "2"]},
        extra_body={"new": {"float": 1.0, "none": None}},
    )
    seen = await compare("anthropic", json_reply(200, body(TEXT)), call)
    assert b'"new":{"float":1.0,"none":null}' in seen.requests[0].body
    assert seen.requests[0].header("anthropic-version") == "2099-01-01"


@pytest.mark.parametrize("odd", ODD)
async def test_a_stream_however_it_is_cut(compare, odd):
    seen = await compare("anthropic", ODD[odd], create(stream=True))
    assert text_of(seen.results[0]) == "héllo 𝄞!"


async def test_the_stream_helper(compare):
    script = sse_reply(USE_FRAMES, headers=HEADERS, chunk_sizes=[9])
    call = lambda client, _: client.messages.stream(**ASKED, tools=[TOOL])  # noqa: E731
    seen = await compare("anthropic", script, call)
    last = [event for event in seen.results[0] if event["type"] == "message_stop"][-1]
    assert last["message"]["content"] == [THOUGHT, USE]


def answer_the_tool(*, stream=False):
    def call(client, results):
        first = results[0]
        if isinstance(first, list):
            stop = [event for event in first if event["type"] == "message_stop"][-1]
            first = stop["message"]
        said = {"role": "assistant", "content": first["content"]}
        result = {"type": "tool_result", "tool_use_id": first["content"][1]["id"], "content": "2"}
        messages = [*ASKED["messages"], said, {"role": "user", "content": [result]}]
        options = ASKED | {"messages": messages, "tools": [TOOL]}
        return client.messages.create(**options, stream=stream)

    return call


async def test_a_tool_loop(compare):
    wants = json_reply(200, body(THOUGHT, USE, stop="tool_use"))
    script = [wants, json_reply(200, body(TEXT))]
    seen = await compare("anthropic", script, create(tools=[TOOL]), answer_the_tool())
    assert seen.results[1]["content"] == [TEXT]
    assert b"EqQB+/==" in seen.requests[1].body


async def test_a_streamed_tool_loop(compare):
    script = [sse_reply(USE_FRAMES, chunk_sizes=[3]), sse_reply(TEXT_FRAMES, chunk_sizes=[1])]
    begin = lambda client, _: client.messages.stream(**ASKED, tools=[TOOL])  # noqa: E731
    seen = await compare("anthropic", script, begin, answer_the_tool(stream=True))
    assert text_of(seen.results[1]) == "héllo 𝄞!"
    assert b"EqQB+/==" in seen.requests[1].body


async def test_the_beta_methods(compare):
    betas = ["one-2026-01-01", "two-2026-01-01"]
    seen = await compare(
        "anthropic",
        [
            json_reply(200, body(TEXT), headers=HEADERS),
            sse_reply(TEXT_FRAMES, chunk_sizes=[5]),
            sse_reply(TEXT_FRAMES),
            json_reply(200, {"input_tokens": 14, "context_management": None}),
        ],
        lambda client, _: client.beta.messages.create(**ASKED, betas=betas),
        lambda client, _: client.beta.messages.create(**ASKED, betas=betas, stream=True),
        lambda client, _: client.beta.messages.stream(**ASKED, betas=betas),
        lambda client, _: client.beta.messages.count_tokens(
            model="m", messages=ASKED["messages"], betas=betas
        ),
    )
    paths = [one.target.partition("?")[0] for one in seen.requests]
    assert paths == ["/v1/messages"] * 3 + ["/v1/messages/count_tokens"]
    assert all("two-2026-01-01" in one.header("anthropic-beta") for one in seen.requests)
    assert seen.results[3]["input_tokens"] == 14


async def test_counting_tokens(compare):
    counted = b'{ "input_tokens":14 }'

    def call(client, _):
        asked = {"model": "m", "messages": ASKED["messages"], "tools": [TOOL], "system": "é"}
        return client.messages.count_tokens(**asked)

    seen = await compare("anthropic", json_reply(200, counted, headers=HEADERS), call)
    assert seen.results == [{"input_tokens": 14}]
    assert bytes(seen.answers[0].body) == counted
    assert seen.requests[0].target == "/v1/messages/count_tokens"


@pytest.mark.parametrize("way", ["with_raw_response", "with_streaming_response"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_the_bytes_as_the_sdk_hands_them_out(compare, way, stream):
    def call(client, _):
        return getattr(client.messages, way).create(**ASKED, stream=stream)

    script = sse_reply(TEXT_FRAMES, chunk_sizes=[5]) if stream else json_reply(200, body(TEXT))
    seen = await compare("anthropic", script, call)
    assert seen.results == [STREAM if stream else body(TEXT)]
