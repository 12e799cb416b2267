"""Thirty ways in which gateways have been seen to fail, each played and each held.

A case is played with the bytes of one vendor and judged by the SDK of another.
"""

import json

import anthropic
import msgspec
import openai
import pytest

from lunaroute_core.answer_stages import staged_response
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import ErrorKind, InvalidRequestError
from lunaroute_core.model import Finish, FinishReason, NormalizedResponse, TextBlock
from lunaroute_core.translation import Translation

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
PNG = "iVBORw0KGgo="
ADD = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
TOOLS = {
    C: [{"type": "function", "function": {"name": "add", "parameters": ADD}}],
    R: [{"type": "function", "name": "add", "parameters": ADD, "strict": False}],
    A: [{"name": "add", "input_schema": ADD}],
}


# --- what Chat upstreams say --------------------------------------------------------------------


def chunk(delta=None, *, finish=None, **fields):
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt",
        "choices": [choice],
        **fields,
    }


def call_chunk(index, *, arguments=None, name=None, call_id=None):
    function = {"name": name, "arguments": arguments}
    entry = {"index": index, "function": {k: v for k, v in function.items() if v is not None}}
    if call_id is not None:
        entry |= {"id": call_id, "type": "function"}
    return entry


def chat_stream(*deltas, finish="stop", usage=None):
    """Deltas, a finish, usage if there is any, and the end."""
    events = [chunk({"role": "assistant"}), *map(chunk, deltas), chunk(finish=finish)]
    if usage is not None:
        events.append({**chunk(), "choices": [], "usage": usage})
    return [*events, "[DONE]"]


def completion(message, *, finish="stop", usage=None):
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": None, **message},
        "finish_reason": finish,
        "logprobs": None,
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt",
        "choices": [choice],
        "usage": usage or {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    }


def chat_call(call_id, arguments, name="add"):
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


# --- what Anthropic says ------------------------------------------------------------------------


def message(content, *, stop="end_turn", usage=None, **fields):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage or {"input_tokens": 3, "output_tokens": 5},
        **fields,
    }


def message_stream(*blocks, stop="end_turn", usage=None):
    """Blocks, each a `content_block` and its deltas, and the end."""
    start_usage = {**(usage or {"input_tokens": 3}), "output_tokens": 1}
    events = [{"type": "message_start", "message": message([], stop=None, usage=start_usage)}]
    for index, (block, deltas) in enumerate(blocks):
        place = {"index": index}
        events.append({"type": "content_block_start", **place, "content_block": block})
        events += [{"type": "content_block_delta", **place, "delta": it} for it in deltas]
        events.append({"type": "content_block_stop", **place})
    delta = {"stop_reason": stop, "stop_sequence": None}
    end_usage = {"output_tokens": (usage or {}).get("output_tokens", 5)}
    events.append({"type": "message_delta", "delta": delta, "usage": end_usage})
    return [*events, {"type": "message_stop"}]


def said_text(text):
    return {"type": "text", "text": ""}, [{"type": "text_delta", "text": text}]


# --- what Responses upstreams say -----------------------------------------------------------------


def response(output, *, status="completed", usage=None, **fields):
    counts = {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}
    counts |= {"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}}
    counts |= {"output_tokens_details": {"reasoning_tokens": 0}}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt",
        "status": status,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "usage": usage or counts,
        **fields,
    }


def message_item(*parts):
    return {
        "type": "message",
        "id": "item_1",
        "status": "completed",
        "role": "assistant",
        "content": list(parts),
    }


def output_text(text):
    return {"type": "output_text", "text": text, "annotations": []}


# --- reading what comes out -----------------------------------------------------------------------


def events_of(raw):
    """The JSON of each event; `[DONE]` is the string."""
    data = [line[6:] for line in raw.decode().split("\n") if line.startswith("data: ")]
    return [it if it == "[DONE]" else json.loads(it) for it in data]


def calls_of(answer):
    """An Anthropic answer's calls."""
    return [
        (it["id"], it["name"], it["input"]) for it in answer["content"] if it["type"] == "tool_use"
    ]


def history(client, *, calls, results, text=None, before=None, after=None):
    """A conversation that called tools: `calls` are ids, `results` pairs of id and text."""
    if client == C:
        said = {"role": "assistant", "content": text}
        said["tool_calls"] = [chat_call(call, '{"a":1}') for call in calls]
        told = [{"role": "tool", "tool_call_id": it, "content": out} for it, out in results]
        more = [{"role": "user", "content": after}] if after else []
        return {"messages": [{"role": "user", "content": "Hi"}, said, *told, *more]}
    if client == A:
        said = [{"type": "text", "text": text}] if text else []
        said += [{"type": "tool_use", "id": it, "name": "add", "input": {"a": 1}} for it in calls]
        told = [{"type": "text", "text": before}] if before else []
        told += [{"type": "tool_result", "tool_use_id": it, "content": out} for it, out in results]
        told += [{"type": "text", "text": after}] if after else []
        turns = [("user", "Hi"), ("assistant", said), ("user", told)]
        messages = [{"role": role, "content": content} for role, content in turns]
        return {"max_tokens": 100, "messages": messages}
    call = {"type": "function_call", "name": "add", "arguments": '{"a":1}'}
    items = [{"role": "user", "content": "Hi"}]
    if text:
        items.append({"role": "assistant", "content": text})
    items += [{**call, "call_id": it} for it in calls]
    items += [{"type": "function_call_output", "call_id": it, "output": out} for it, out in results]
    return {"input": items}


# --- the cases ------------------------------------------------------------------------------------


def test_01_interleaved_parallel_calls_become_two_blocks(streamed):
    deltas = [
        {"tool_calls": [call_chunk(0, call_id="c0", name="add", arguments="")]},
        {"tool_calls": [call_chunk(1, call_id="c1", name="sub", arguments="")]},
        {"tool_calls": [call_chunk(0, arguments='{"a"')]},
        {"tool_calls": [call_chunk(1, arguments='{"b"')]},
        {"tool_calls": [call_chunk(0, arguments=":1}")]},
        {"tool_calls": [call_chunk(1, arguments=":2}")]},
    ]
    result = streamed(C, A, chat_stream(*deltas, finish="tool_calls"))
    assert calls_of(result.answer) == [("c0", "add", {"a": 1}), ("c1", "sub", {"b": 2})]
    kinds = [it["type"] for it in events_of(result.raw)]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 2


@pytest.mark.parametrize("client", [A, R])
def test_02_two_calls_in_one_chunk_stay_two(streamed, client):
    both = [
        call_chunk(0, call_id="c0", name="add", arguments='{"a":1}'),
        call_chunk(1, call_id="c1", name="add", arguments='{"a":2}'),
    ]
    answer = streamed(C, client, chat_stream({"tool_calls": both}, finish="tool_calls")).answer
    if client == A:
        assert calls_of(answer) == [("c0", "add", {"a": 1}), ("c1", "add", {"a": 2})]
    else:
        assert [it["arguments"] for it in answer["output"]] == ['{"a":1}', '{"a":2}']


@pytest.mark.parametrize("client", [A, R])
def test_03_arguments_that_come_with_the_name_are_kept(streamed, client):
    first = call_chunk(0, call_id="c0", name="add", arguments='{"a"')
    deltas = [{"tool_calls": [first]}, {"tool_calls": [call_chunk(0, arguments=":1}")]}]
    answer = streamed(C, client, chat_stream(*deltas, finish="tool_calls")).answer
    if client == A:
        assert calls_of(answer) == [("c0", "add", {"a": 1})]
    else:
        assert answer["output"][0]["arguments"] == '{"a":1}'


@pytest.mark.parametrize("arguments", ["", "  "])
def test_04_empty_arguments_are_an_empty_input(translate, answered, streamed, arguments):
    """In a history, in an answer and in a stream."""
    said = {"role": "assistant", "content": None, "tool_calls": [chat_call("c0", arguments)]}
    told = {"role": "tool", "tool_call_id": "c0", "content": "out"}
    body = {"messages": [{"role": "user", "content": "Hi"}, said, told]}
    (call,) = translate(C, A, body).body["messages"][1]["content"]
    assert call["input"] == {}
    whole = completion({"tool_calls": [chat_call("c0", arguments)]}, finish="tool_calls")
    assert calls_of(answered(C, A, whole)) == [("c0", "add", {})]
    first = call_chunk(0, call_id="c0", name="add", arguments=arguments)
    stream = streamed(C, A, chat_stream({"tool_calls": [first]}, finish="tool_calls"))
    assert calls_of(stream.answer) == [("c0", "add", {})]


def test_05_a_stop_with_calls_is_a_tool_use(answered, streamed):
    whole = completion({"tool_calls": [chat_call("c0", "{}")]}, finish="stop")
    assert answered(C, A, whole)["stop_reason"] == "tool_use"
    delta = {"tool_calls": [call_chunk(0, call_id="c0", name="add", arguments="{}")]}
    stream = streamed(C, A, chat_stream(delta, finish="stop"))
    assert stream.answer["stop_reason"] == "tool_use"


def test_06_tool_calls_without_a_call_is_the_end_of_a_turn(answered, streamed):
    whole = completion({"content": "hi"}, finish="tool_calls")
    stream = chat_stream({"content": "hi"}, finish="tool_calls")
    assert answered(C, A, whole)["stop_reason"] == "end_turn"
    assert streamed(C, A, stream).answer["stop_reason"] == "end_turn"
    anthropics = message([{"type": "text", "text": "hi"}], stop="tool_use")
    assert answered(A, C, anthropics)["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("client", [A, R])
async def test_07_an_early_end_is_an_error_and_no_stop(broken, accumulate, client):
    begun = [chunk({"role": "assistant"}), chunk({"content": "hi"})]
    raw = await broken(C, client, begun)
    assert b"message_stop" not in raw
    assert b"response.completed" not in raw
    assert b'"hi"' in raw
    if client == A:
        with pytest.raises(anthropic.APIStatusError, match="ended before"):
            accumulate(A, raw)
    else:
        assert accumulate(R, raw)["status"] == "failed"


async def test_08_overload_in_a_stream_is_an_error_frame_of_chat(broken, accumulate):
    events = message_stream(said_text("hi"))[:3]
    error = {"type": "overloaded_error", "message": "Overloaded"}
    raw = await broken(A, C, [*events, {"type": "error", "error": error}])
    assert b"[DONE]" not in raw
    assert [it for it in events_of(raw) if it.get("choices", [{}])[0].get("finish_reason")] == []
    with pytest.raises(openai.APIError, match="Overloaded"):
        accumulate(C, raw)


@pytest.mark.parametrize("client", [A, R])
def test_09_a_chunk_of_usage_alone_counts(streamed, client):
    usage = {"prompt_tokens": 7, "completion_tokens": 4, "total_tokens": 11}
    answer = streamed(C, client, chat_stream({"content": "hi"}, usage=usage)).answer
    assert answer["usage"]["input_tokens"] == 7
    assert answer["usage"]["output_tokens"] == 4


@pytest.mark.parametrize("upstream", [A, R])
def test_10_the_usage_chunk_is_the_last_one(streamed, upstream):
    said = {
        A: message_stream(said_text("hi")),
        R: responses_stream([message_item(output_text("hi"))]),
    }
    *_, usage, done = events_of(streamed(upstream, C, said[upstream]).raw)
    assert done == "[DONE]"
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 8)


def test_11_the_start_of_a_message_estimates_its_input(streamed):
    request = DIALECTS[A].requests.decode(
        msgspec.json.encode(
            {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "Hi " * 50}]}
        )
    )
    usage = {"prompt_tokens": 51, "completion_tokens": 4, "total_tokens": 55}
    stream = streamed(C, A, chat_stream({"content": "x"}, usage=usage), request=request)
    start, *_ = events_of(stream.raw)
    assert start["message"]["usage"]["input_tokens"] > 0
    assert stream.answer["usage"]["input_tokens"] == 51


CACHED = {
    "input_tokens": 10,
    "cache_read_input_tokens": 90,
    "cache_creation_input_tokens": 20,
    "output_tokens": 5,
}


def test_12_anthropics_disjoint_counts_are_chats_sum(answered, streamed):
    whole = answered(A, C, message([{"type": "text", "text": "hi"}], usage=CACHED))["usage"]
    stream = streamed(A, C, message_stream(said_text("hi"), usage=CACHED)).answer["usage"]
    for usage in (whole, stream):
        assert usage["prompt_tokens"] == 120
        assert usage["prompt_tokens_details"]["cached_tokens"] == 90
        assert usage["prompt_tokens_details"]["cache_write_tokens"] == 20
        assert (usage["completion_tokens"], usage["total_tokens"]) == (5, 125)


def test_13_openais_sum_is_anthropics_disjoint_counts(answered, streamed):
    details = {"cached_tokens": 2000, "cache_write_tokens": 400}
    chats = {"prompt_tokens": 2600, "completion_tokens": 5, "total_tokens": 2605}
    chats["prompt_tokens_details"] = details
    others = {"input_tokens": 2600, "output_tokens": 5, "total_tokens": 2605}
    others |= {
        "input_tokens_details": details,
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    item = message_item(output_text("hi"))
    for answer in (
        answered(C, A, completion({"content": "hi"}, usage=chats)),
        streamed(C, A, chat_stream({"content": "hi"}, usage=chats)).answer,
        answered(R, A, response([item], usage=others)),
        streamed(R, A, responses_stream([item], usage=others)).answer,
    ):
        usage = answer["usage"]
        assert usage["input_tokens"] == 200
        assert usage["cache_read_input_tokens"] == 2000
        assert usage["cache_creation_input_tokens"] == 400
        assert usage["output_tokens"] == 5


def test_14_a_content_filter_is_a_refusal_and_no_length(answered, streamed):
    cut = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    items = [message_item(output_text("hi"))]
    assert answered(R, A, response(items, **cut))["stop_reason"] == "refusal"
    assert streamed(R, A, responses_stream(items, **cut)).answer["stop_reason"] == "refusal"
    assert answered(R, C, response(items, **cut))["choices"][0]["finish_reason"] == "content_filter"
    said = completion({"content": "hi"}, finish="content_filter")
    assert answered(C, A, said)["stop_reason"] == "refusal"


def test_15_a_refusal_is_text_and_a_reason_and_can_be_replayed(answered, streamed, translate):
    whole = [
        answered(C, A, completion({"refusal": "I will not."})),
        answered(R, A, response([message_item({"type": "refusal", "refusal": "I will not."})])),
    ]
    stream = streamed(C, A, chat_stream({"refusal": "I will"}, {"refusal": " not."})).answer
    for answer in (*whole, stream):
        (block,) = answer["content"]
        assert (block["type"], block["text"]) == ("text", "I will not.")
        assert answer["stop_reason"] == "refusal"
        assert answer["stop_details"]["type"] == "refusal"
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "refusal": "I will not."},
        {"role": "user", "content": "Why?"},
    ]
    replayed = translate(C, A, {"messages": turns}).body["messages"]
    assert replayed[1]["content"] == [{"type": "text", "text": "I will not."}]
    echoed = {"role": "assistant", "content": whole[0]["content"]}
    body = {"max_tokens": 9, "messages": [turns[0], echoed, turns[2]]}
    assert translate(A, C, body).body["messages"][1]["content"] == "I will not."


@pytest.mark.parametrize("upstream", [C, R])
def test_16_results_come_before_the_text_around_them(translate, upstream):
    body = history(
        A, calls=["c1", "c2"], results=[("c1", "one"), ("c2", "two")], before="so", after="now"
    )
    written = translate(A, upstream, body).body
    if upstream == C:
        _, said, one, two, user = written["messages"]
        assert [it["id"] for it in said["tool_calls"]] == ["c1", "c2"]
        assert [(it["role"], it["tool_call_id"]) for it in (one, two)] == [
            ("tool", "c1"),
            ("tool", "c2"),
        ]
        assert [part["text"] for part in user["content"]] == ["so", "now"]
        return
    kinds = [it.get("type", "message") for it in written["input"]]
    assert kinds[1:5] == ["function_call"] * 2 + ["function_call_output"] * 2
    texts = json.dumps(written["input"][5:])
    assert texts.index('"so"') < texts.index('"now"')


def test_17_tool_messages_are_one_message_in_the_order_of_the_calls(translate):
    body = history(C, calls=["c1", "c2"], results=[("c2", "two"), ("c1", "one")], after="now")
    _, _, told = translate(C, A, body).body["messages"]
    assert told["role"] == "user"
    one, two, text = told["content"]
    assert [(it["type"], it["tool_use_id"]) for it in (one, two)] == [
        ("tool_result", "c1"),
        ("tool_result", "c2"),
    ]
    assert text["text"] == "now"


@pytest.mark.parametrize("upstream", [C, R])
def test_18_a_tools_error_is_marked(translate, upstream):
    body = history(A, calls=["c1"], results=[("c1", "no such file")])
    body["messages"][2]["content"][0]["is_error"] = True
    result = translate(A, upstream, body)
    assert "[tool_error] no such file" in result.raw.decode()
    assert ("emulated", "messages") in result.warnings


def picture_result(kind="base64"):
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    if kind == "url":
        source = {"type": "url", "url": "https://example.com/a.png"}
    image = {"type": "image", "source": source}
    body = history(A, calls=["c1", "c2"], results=[("c1", "text"), ("c2", "two")])
    body["messages"][2]["content"][0]["content"] = [{"type": "text", "text": "see"}, image]
    return body


def test_19_an_image_in_a_result_reaches_responses_as_it_is(translate):
    items = translate(A, R, picture_result()).body["input"]
    (output,) = [it["output"] for it in items if it.get("call_id") == "c1" and "output" in it]
    assert [it["type"] for it in output] == ["input_text", "input_image"]
    assert output[1]["image_url"] == f"data:image/png;base64,{PNG}"


def test_19_an_image_in_a_result_follows_chats_last_tool_message(translate):
    _, _, one, two, user = translate(A, C, picture_result()).body["messages"]
    assert [it["role"] for it in (one, two, user)] == ["tool", "tool", "user"]
    assert "see" in json.dumps(one["content"])
    assert "image" in json.dumps(one["content"])
    (image,) = [it for it in user["content"] if it["type"] == "image_url"]
    assert image["image_url"]["url"] == f"data:image/png;base64,{PNG}"


@pytest.mark.parametrize("client", [A, C])
def test_20_text_stands_before_the_calls_in_responses(translate, client):
    body = history(client, calls=["c1"], results=[("c1", "out")], text="let me see")
    items = translate(client, R, body).body["input"]
    assert "let me see" in json.dumps(items[1])
    assert items[2]["type"] == "function_call"


@pytest.mark.parametrize("client", [C, R])
def test_20_text_beside_calls_survives_to_anthropic(translate, client):
    body = history(client, calls=["c1"], results=[("c1", "out")], text="let me see")
    said = translate(client, A, body).body["messages"][1]["content"]
    assert [it["type"] for it in said] == ["text", "tool_use"]
    assert said[0]["text"] == "let me see"


SCHEMA = {
    "type": "object",
    "properties": {"node": {"$ref": "#/$defs/node"}, "n": {"type": "integer", "minimum": 1}},
    "$defs": {"node": {"type": "object", "properties": {"id": {"type": "string"}}}},
    "additionalProperties": False,
    "required": ["node"],
}


def test_21_schemas_go_whole(translate):
    chat = [{"type": "function", "function": {"name": "t", "parameters": SCHEMA}}]
    other = [{"type": "function", "name": "t", "parameters": SCHEMA, "strict": False}]
    own = [{"name": "t", "input_schema": SCHEMA, "input_examples": [{"node": {"id": "x"}}]}]
    turns = [{"role": "user", "content": "Hi"}]
    bodies = {
        C: {"messages": turns, "tools": chat},
        R: {"input": turns, "tools": other},
        A: {"max_tokens": 9, "messages": turns, "tools": own},
    }
    for client, body in bodies.items():
        for upstream in bodies:
            if client == upstream:
                continue
            (tool,) = translate(client, upstream, body).body["tools"]
            given = tool.get("function", tool)
            schema = given["input_schema"] if upstream == A else given["parameters"]
            assert schema == SCHEMA
            assert "input_examples" not in json.dumps(schema)


DOCUMENTS = {
    "text": {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "the text of it"},
    },
    "search": {
        "type": "search_result",
        "source": "https://example.com",
        "title": "A title",
        "content": [{"type": "text", "text": "the text of it"}],
    },
}


@pytest.mark.parametrize("upstream", [C, R])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_22_documents_are_told_as_text(translate, document, upstream):
    turns = [{"role": "user", "content": [DOCUMENTS[document], {"type": "text", "text": "?"}]}]
    result = translate(A, upstream, {"max_tokens": 9, "messages": turns})
    assert "the text of it" in result.raw.decode()
    assert "emulated" in {outcome for outcome, _ in result.warnings}


@pytest.mark.parametrize("upstream", [C, R])
def test_22_a_file_of_another_vendor_is_refused(translate, upstream):
    image = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}
    turns = [{"role": "user", "content": [image, {"type": "text", "text": "?"}]}]
    with pytest.raises(InvalidRequestError) as refused:
        translate(A, upstream, {"max_tokens": 9, "messages": turns})
    assert refused.value.details.param.startswith("messages")


@pytest.mark.parametrize("upstream", [A, R])
def test_22_audio_is_refused(translate, upstream):
    audio = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    with pytest.raises(InvalidRequestError) as refused:
        translate(C, upstream, {"messages": [{"role": "user", "content": [audio]}]})
    assert refused.value.details.param.startswith("messages")


@pytest.mark.parametrize("upstream", [C, R])
def test_23_no_parallel_calls_stay_forbidden(translate, upstream):
    body = history(A, calls=["c1"], results=[("c1", "out")])
    body |= {"tools": TOOLS[A], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    assert translate(A, upstream, body).body["parallel_tool_calls"] is False


@pytest.mark.parametrize("client", [C, R])
@pytest.mark.parametrize("mode", ["auto", "required"])
def test_23_only_allowed_tools_are_offered(translate, client, mode):
    schema = {"type": "object", "properties": {}}
    if client == C:
        tools = [
            {"type": "function", "function": {"name": it, "parameters": schema}} for it in "xyz"
        ]
        listed = [{"type": "function", "function": {"name": it}} for it in "xz"]
        choice = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": listed}}
        body = {"messages": [{"role": "user", "content": "Hi"}]}
    else:
        tools = [
            {"type": "function", "name": it, "parameters": schema, "strict": False} for it in "xyz"
        ]
        listed = [{"type": "function", "name": it} for it in "xz"]
        choice = {"type": "allowed_tools", "mode": mode, "tools": listed}
        body = {"input": "Hi"}
    written = translate(client, A, {**body, "tools": tools, "tool_choice": choice}).body
    assert [it["name"] for it in written["tools"]] == ["x", "z"]
    assert written["tool_choice"] == {"type": {"auto": "auto", "required": "any"}[mode]}


@pytest.mark.parametrize("client", [A, C])
def test_24_stop_sequences_that_responses_lacks_are_enforced(client):
    """The gateway ends the answer, since no field of the request could."""
    turns = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hi"}]}
    bodies = {
        A: {**turns, "max_tokens": 99, "stop_sequences": ["END"]},
        C: {**turns, "stop": "END"},
    }
    request = DIALECTS[client].requests.decode(msgspec.json.encode(bodies[client]))
    translation = Translation()
    assert b"END" not in DIALECTS[R].requests.encode(request, translation)
    said = NormalizedResponse(id="r", model="gpt-4.1", blocks=[TextBlock(text="one END two")])
    answer = staged_response(said, translation.stages)
    assert [block.text for block in answer.blocks] == ["one "]
    assert answer.finish == Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence="END")
    assert translation.warnings == []


def later_system(client, *, rounds):
    turns = [("user", "one"), ("assistant", "two"), ("user", "three"), ("system", "SYSTEM B")]
    turns += [("assistant", "four"), ("user", "five"), ("assistant", "six"), ("user", "seven")]
    messages = [{"role": role, "content": text} for role, text in turns[: 4 + 2 * rounds]]
    if client == A:
        return {"max_tokens": 9, "system": "SYSTEM A", "messages": messages}
    return {
        "messages" if client == C else "input": [
            {"role": "system", "content": "SYSTEM A"},
            *messages,
        ]
    }


def messages_of(upstream, body):
    return body["input"] if upstream == R else body["messages"]


@pytest.mark.parametrize(
    ("client", "upstream", "known"),
    [
        (C, A, {"mid_conversation_system": True}),
        (C, A, {"mid_conversation_system": False}),
        (R, A, {"mid_conversation_system": True}),
        (R, A, {"mid_conversation_system": False}),
        (A, C, {}),
        (A, R, {}),
        (C, R, {}),
        (R, C, {}),
    ],
)
def test_25_a_later_system_message_stays_in_its_place(translate, client, upstream, known):
    """And what was sent before is sent again, to the byte, as the conversation goes on."""
    shorter, longer = (
        translate(client, upstream, later_system(client, rounds=rounds), **known).body
        for rounds in (1, 2)
    )
    text = json.dumps(messages_of(upstream, shorter))
    assert text.index("three") < text.index("SYSTEM B") < text.index("four")
    assert "SYSTEM B" not in json.dumps(shorter.get("system", ""))
    assert "SYSTEM A" in json.dumps(shorter)
    before = messages_of(upstream, shorter)
    assert messages_of(upstream, longer)[: len(before)] == before
    if upstream == A:
        assert longer["system"] == shorter["system"]


def test_27_signed_and_redacted_thinking_round_trips_through_a_chat_client(
    answered, streamed, translate
):
    """A client that echoes the message it got returns each block as it was signed."""
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"},
        {"type": "thinking", "thinking": "", "signature": "b25seQ=="},
        {"type": "redacted_thinking", "data": "cmVkYWN0ZWQ="},
        {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}},
    ]
    stream = message_stream(
        (
            {"type": "thinking", "thinking": "", "signature": ""},
            [
                {"type": "thinking_delta", "thinking": "h"},
                {"type": "thinking_delta", "thinking": "m"},
                {"type": "signature_delta", "signature": "c2lnbmVk"},
            ],
        ),
        (
            {"type": "thinking", "thinking": "", "signature": ""},
            [{"type": "signature_delta", "signature": "b25seQ=="}],
        ),
        (blocks[2], []),
        (
            {**blocks[3], "input": {}},
            [{"type": "input_json_delta", "partial_json": '{"a":1}'}],
        ),
        stop="tool_use",
    )
    whole = answered(A, C, message(blocks, stop="tool_use"))
    for answer in (whole, streamed(A, C, stream).answer):
        echoed = answer["choices"][0]["message"]
        told = {"role": "tool", "tool_call_id": "toolu_1", "content": "out"}
        turns = [{"role": "user", "content": "Hi"}, echoed, told]
        written = translate(C, A, {"messages": turns}).body["messages"][1]["content"]
        assert written == blocks


IDS = ["functions.Bash:0", "a.b", "a:b", "x" * 90]


@pytest.mark.parametrize(("client", "upstream"), [(C, A), (R, A), (A, C), (A, R), (C, R), (R, C)])
def test_28_odd_ids_are_valid_distinct_and_paired(translate, client, upstream):
    body = history(client, calls=IDS, results=[(it, f"out {it}") for it in IDS])
    written = translate(client, upstream, body).body
    if upstream == A:
        _, said, told = written["messages"]
        called = [it["id"] for it in said["content"]]
        answered = [it["tool_use_id"] for it in told["content"]]
    elif upstream == C:
        _, said, *told = written["messages"]
        called = [it["id"] for it in said["tool_calls"]]
        answered = [it["tool_call_id"] for it in told]
    else:
        items = written["input"]
        called = [it["call_id"] for it in items if it.get("type") == "function_call"]
        answered = [it["call_id"] for it in items if it.get("type") == "function_call_output"]
    assert called == answered
    assert len(set(called)) == len(IDS)
    for it in called:
        assert len(it) <= 64
        assert it.replace("-", "").replace("_", "").isalnum()


def test_29_a_chat_stream_passes_the_responses_state_machine(streamed):
    deltas = [
        {"reasoning_content": "hm"},
        {"content": "let"},
        {"content": " me"},
        {"tool_calls": [call_chunk(0, call_id="c0", name="add", arguments="")]},
        {"tool_calls": [call_chunk(0, arguments='{"a":1}')]},
        {"tool_calls": [call_chunk(1, call_id="c1", name="sub", arguments="{}")]},
    ]
    usage = {"prompt_tokens": 7, "completion_tokens": 4, "total_tokens": 11}
    stream = streamed(C, R, chat_stream(*deltas, finish="tool_calls", usage=usage))
    events = events_of(stream.raw)
    assert [it["sequence_number"] for it in events] == list(range(len(events)))
    assert [it["type"] for it in (events[0], events[1], events[-1])] == [
        "response.created",
        "response.in_progress",
        "response.completed",
    ]
    assert "[DONE]" not in stream.raw.decode()
    assert [it["type"] for it in stream.answer["output"]] == [
        "reasoning",
        "message",
        "function_call",
        "function_call",
    ]
    assert stream.answer["output"][1]["content"][0]["text"] == "let me"


@pytest.mark.parametrize("model", ["claude-sonnet-4-0", "claude-opus-4-5", "claude-3-7-sonnet"])
def test_30_a_budget_stays_below_the_limit(translate, model):
    body = {"messages": [{"role": "user", "content": "Hi"}], "reasoning_effort": "high"}
    short = translate(C, A, {**body, "max_tokens": 1000}, model=model)
    assert "budget_tokens" not in json.dumps(short.body)
    assert ("dropped", "reasoning_effort") in short.warnings
    longer = translate(C, A, {**body, "max_tokens": 5000}, model=model).body["thinking"]
    assert 1024 <= longer["budget_tokens"] < 5000


@pytest.mark.parametrize("client", [C, R])
def test_30_the_highest_effort_survives(translate, client):
    body = {
        C: {"messages": [{"role": "user", "content": "Hi"}], "reasoning_effort": "max"},
        R: {"input": "Hi", "reasoning": {"effort": "max"}},
    }[client]
    written = translate(client, A, body, model="claude-opus-4-6").body
    assert written["output_config"]["effort"] == "max"


@pytest.mark.parametrize(("upstream", "client"), [(C, A), (R, A), (A, C), (A, R), (C, R), (R, C)])
def test_30_a_400_stays_a_400(upstream, client):
    bodies = {
        C: {"error": {"message": "bad effort", "type": "invalid_request_error", "param": None}},
        A: {"type": "error", "error": {"type": "invalid_request_error", "message": "bad effort"}},
    }
    body = msgspec.json.encode(bodies.get(upstream, bodies[C]))
    details = DIALECTS[upstream].errors.decode(400, (), body)
    assert details.kind is ErrorKind.INVALID_REQUEST
    status, raw = DIALECTS[client].errors.encode(details, request_id="req_1")
    assert status == 400
    assert "bad effort" in raw.decode()


def responses_stream(items, *, status="completed", **fields):
    """The life of message items of texts and refusals, and the end."""
    numbered = []

    def add(kind, **more):
        numbered.append({"type": kind, "sequence_number": len(numbered), **more})

    begun = response([], status="in_progress") | {"usage": None}
    add("response.created", response=begun)
    add("response.in_progress", response=begun)
    for index, item in enumerate(items):
        opened = {**item, "status": "in_progress", "content": []}
        add("response.output_item.added", output_index=index, item=opened)
        for at, part in enumerate(item["content"]):
            place = {"output_index": index, "item_id": item["id"], "content_index": at}
            key = "text" if part["type"] == "output_text" else "refusal"
            add("response.content_part.added", **place, part={**part, key: ""})
            name = f"response.{part['type']}"
            add(f"{name}.delta", **place, delta=part[key], logprobs=[])
            add(f"{name}.done", **place, **{key: part[key]}, logprobs=[])
            add("response.content_part.done", **place, part=part)
        add("response.output_item.done", output_index=index, item=item)
    add(f"response.{status}", response=response(items, status=status, **fields))
    return numbered
