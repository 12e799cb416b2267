"""Chat completions with the official SDK: the gateway between makes no difference."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

HEADERS = (
    (b"x-request-id", b"req_up"),
    (b"date", b"Tue, 24 Nov 2026 10:00:00 GMT"),
    (b"server", b"cloudflare"),
    (b"openai-processing-ms", b"12"),
    (b"x-ratelimit-remaining-tokens", b"7"),
    (b"set-cookie", b"a=1"),
    (b"set-cookie", b"b=2"),
)
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hé 𝄞 </script>"}]}
TOOL = {
    "type": "function",
    "function": {"name": "add", "parameters": {"type": "object", "properties": {}}},
}
TOOL_CALL = {"id": "t1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1.0}'}}


def completion(message, reason="stop"):
    """As bytes whose spacing, escapes and number form no JSON writer would choose again."""
    choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", **message}}
    content = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m-2026",
        "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        "of_tomorrow": {"kept": 1.50},
    }
    return json.dumps(content, indent=1).replace("1.5", "1.50e0").encode() + b"\n"


TEXT = completion({"content": "héllo"})


def chunk(delta, reason=None, *, eol="\n"):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    content = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    text = json.dumps(content | {"choices": [choice]}, ensure_ascii=False)
    return f"data: {text}{eol}{eol}".encode()


FRAMES = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "hé"}) + chunk({"content": "llo 𝄞"}) + chunk({"content": "!"}),
    chunk({}, "stop"),
    b"data: [DONE]\n\n",
]
STREAM = b"".join(FRAMES)
ODD = {
    "one byte a chunk": sse_reply(FRAMES, chunk_sizes=[1]),
    "all in one chunk": sse_reply([STREAM]),
    "UTF-8 in halves": sse_reply([STREAM], chunk_sizes=[STREAM.index("é".encode()) + 1, 5, 3]),
    "CRLF": sse_reply([frame.replace(b"\n", b"\r\n") for frame in FRAMES], chunk_sizes=[7, 1]),
    "CR and LF apart": sse_reply(
        [STREAM.replace(b"\n", b"\r\n")], chunk_sizes=[STREAM.index(b"\n") + 1, 1, 1, 50]
    ),
    "comments": sse_reply([b": hello\n\n:\n", *FRAMES[:2], b": keep-alive\n\n", *FRAMES[2:]]),
    "fields around": sse_reply(
        [b"retry: 5\nid: 1\n" + frame for frame in FRAMES[:-1]] + FRAMES[3:]
    ),
    "data on several lines": sse_reply(
        [FRAMES[0].replace(b", ", b",\ndata: ", 1), *FRAMES[1:]], chunk_sizes=[13]
    ),
    "no space after the colon": sse_reply([frame.replace(b"data: ", b"data:") for frame in FRAMES]),
    "something after the end": sse_reply([*FRAMES, b": bye\n\n"]),
}


def create(**options):
    return lambda client, _: client.chat.completions.create(**ASKED, **options)


def text_of(events):
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events)


async def test_a_whole_answer(compare):
    seen = await compare("openai", json_reply(200, TEXT, headers=HEADERS), create())
    assert bytes(seen.answers[0].body) == TEXT
    assert seen.answers[0].header("x-request-id") == ["req_up"]
    assert seen.answers[0].header("set-cookie") == ["a=1", "b=2"]
    (request,) = seen.requests
    assert request.header("user-agent").split("/")[0].endswith("OpenAI")
    assert request.header("x-stainless-lang") == "python"
    assert request.header("authorization") == "Bearer sk-client"


async def test_everything_a_request_can_carry(compare):
    call = create(
        tools=[TOOL],
        temperature=0.5,
        metadata={"k": "vé"},
        extra_headers={"X-Team": "blue", "OpenAI-Beta": "assistants=v2", "Empty": ""},
        extra_query={"a": ["1", "2"], "é": "/ +"},
        extra_body={"new": None, "deep": {"float": 1.0, "big": 2**63}},
    )
    seen = await compare("openai", json_reply(200, TEXT), call)
    (request,) = seen.requests
    assert b'"big":9223372036854775808' in request.body
    assert request.header("openai-beta") == "assistants=v2"
    assert "?" in request.target


@pytest.mark.parametrize("odd", ODD)
async def test_a_stream_however_it_is_cut(compare, odd):
    seen = await compare("openai", ODD[odd], create(stream=True))
    assert text_of(seen.results[0]) == "héllo 𝄞!"


async def test_a_stream_whose_usage_comes_last(compare):
    usage = b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m",'
    usage += b'"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n'
    script = sse_reply([*FRAMES[:3], usage, FRAMES[3]], headers=HEADERS)
    seen = await compare(
        "openai", script, create(stream=True, stream_options={"include_usage": True})
    )
    assert seen.results[0][-1]["usage"]["total_tokens"] == 3


async def test_the_stream_helper(compare):
    def call(client, _):
        return client.chat.completions.stream(**ASKED)

    seen = await compare("openai", sse_reply(FRAMES, chunk_sizes=[9]), call)
    done = [event for event in seen.results[0] if event["type"] == "content.done"]
    assert [event["content"] for event in done] == ["héllo 𝄞!"]


def answer_the_tool(client, results):
    call = results[-1]["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": "t1", "content": "2"}
    messages = [*ASKED["messages"], call, result]
    return client.chat.completions.create(model="m", messages=messages, tools=[TOOL])


async def test_a_tool_loop(compare):
    wants = completion({"content": None, "tool_calls": [TOOL_CALL]}, "tool_calls")
    script = [json_reply(200, wants), json_reply(200, TEXT)]
    seen = await compare("openai", script, create(tools=[TOOL]), answer_the_tool)
    assert seen.results[1]["choices"][0]["message"]["content"] == "héllo"
    assert b'{\\"a\\": 1.0}' in seen.requests[1].body


async def test_a_streamed_tool_loop(compare):
    def piece(**function):
        return {"tool_calls": [{"index": 0, "function": function}]}

    named = {"tool_calls": [{"index": 0, **TOOL_CALL, "function": {"name": "add"}}]}
    wants = [chunk(named), chunk(piece(arguments='{"a"')), chunk(piece(arguments=": 1.0}"))]
    wants += [chunk({}, "tool_calls"), FRAMES[3]]

    def answer(client, results):
        deltas = [event["choices"][0]["delta"] for event in results[0]]
        calls = [one for delta in deltas for one in delta.get("tool_calls") or []]
        arguments = "".join(one["function"].get("arguments") or "" for one in calls)
        message = {"role": "assistant", "tool_calls": [TOOL_CALL | {"id": calls[0]["id"]}]}
        message["tool_calls"][0]["function"] = {"name": "add", "arguments": arguments}
        tool = {"role": "tool", "tool_call_id": calls[0]["id"], "content": "2"}
        messages = [*ASKED["messages"], message, tool]
        return client.chat.completions.create(model="m", messages=messages, stream=True)

    script = [sse_reply(wants, chunk_sizes=[3]), sse_reply(FRAMES, chunk_sizes=[1])]
    seen = await compare("openai", script, create(tools=[TOOL], stream=True), answer)
    assert text_of(seen.results[1]) == "héllo 𝄞!"
    assert b'{\\"a\\": 1.0}' in seen.requests[1].body


@pytest.mark.parametrize("way", ["with_raw_response", "with_streaming_response"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_the_bytes_as_the_sdk_hands_them_out(compare, way, stream):
    def call(client, _):
        return getattr(client.chat.completions, way).create(**ASKED, stream=stream)

    script = sse_reply(FRAMES, chunk_sizes=[5]) if stream else json_reply(200, TEXT)
    seen = await compare("openai", script, call)
    assert seen.results == [STREAM if stream else TEXT]
