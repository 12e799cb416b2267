"""Responses with the official SDK: the gateway between makes no difference."""

import json

import pytest

from lunaroute_core.testing import json_reply, sse_reply

HEADERS = ((b"x-request-id", b"req_up"), (b"openai-version", b"2020-10-01"), (b"x-a", b"1, 2"))
ASKED = {"model": "m", "input": [{"role": "user", "content": "hé 𝄞"}]}
TOOL = {"type": "function", "name": "add", "parameters": {"type": "object"}, "strict": False}
CALL = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "call_1",
    "name": "add",
    "arguments": '{"a": 1.0}',
    "status": "completed",
}
REASONING = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [],
    "encrypted_content": "gAAA+/==",
    "status": "completed",
}
SAID = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "héllo 𝄞!", "annotations": []}],
}


def response(*output, status="completed", **fields):
    content = {"id": "resp_1", "object": "response", "created_at": 1.5, "model": "m-2026"}
    content |= {"status": status, "output": list(output), "parallel_tool_calls": True}
    return content | {"tool_choice": "auto", "tools": [], "of_tomorrow": {"kept": 1}} | fields


def body(*output):
    """As bytes whose spacing and escapes no JSON writer would choose again."""
    return b" " + json.dumps(response(*output), indent=1).encode() + b"\r\n"


def frames(*output, deltas=()):
    start = response(status="in_progress")
    events = [{"type": "response.created", "response": start}]
    events += [{"type": "response.in_progress", "response": start}]
    for index, item in enumerate(output):
        events += [{"type": "response.output_item.added", "output_index": index, "item": item}]
    events += deltas
    for index, item in enumerate(output):
        events += [{"type": "response.output_item.done", "output_index": index, "item": item}]
    events += [{"type": "response.completed", "response": response(*output)}]
    return [
        f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        for number, event in enumerate(events)
        if event.update(sequence_number=number) is None
    ]


def text_delta(text):
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    return {"type": "response.output_text.delta", "delta": text, **where}


ADDED = {"type": "response.content_part.added", "item_id": "msg_1", "output_index": 0}
ADDED |= {"content_index": 0, "part": {"type": "output_text", "text": "", "annotations": []}}
BEGUN = SAID | {"status": "in_progress", "content": []}
TEXT_FRAMES = frames(BEGUN, deltas=[ADDED, text_delta("hé"), text_delta("llo 𝄞!")])
STREAM = b"".join(TEXT_FRAMES)
UNKNOWN = b'event: response.of_tomorrow\ndata: {"type":"response.of_tomorrow","n":1}\n\n'
ODD = {
    "one byte a chunk": sse_reply(TEXT_FRAMES, chunk_sizes=[1]),
    "all in one chunk": sse_reply([STREAM]),
    "UTF-8 in halves": sse_reply([STREAM], chunk_sizes=[STREAM.index("𝄞".encode()) + 2, 1, 9]),
    "CRLF": sse_reply([STREAM.replace(b"\n", b"\r\n")], chunk_sizes=[11, 1]),
    "comments and unknown events": sse_reply(
        [b": hi\n\n", *TEXT_FRAMES[:3], UNKNOWN, b":\n\n", *TEXT_FRAMES[3:]]
    ),
    "no event lines": sse_reply([b"data" + one.partition(b"\ndata")[2] for one in TEXT_FRAMES]),
}


def create(**options):
    return lambda client, _: client.responses.create(**ASKED, **options)


def text_of(events):
    kind = "response.output_text.delta"
    return "".join(event["delta"] for event in events if event["type"] == kind)


async def test_a_whole_answer(compare):
    whole = body(REASONING, SAID)
    seen = await compare("openai", json_reply(200, whole, headers=HEADERS), create())
    assert bytes(seen.answers[0].body) == whole
    assert seen.results[0]["output"][0]["encrypted_content"] == "gAAA+/=="


async def test_everything_a_request_can_carry(compare):
    call = create(
        tools=[TOOL, {"type": "web_search"}],
        reasoning={"effort": "low", "summary": "auto"},
        include=["reasoning.encrypted_content"],
        store=False,
        text={"format": {"type": "json_object"}},
        extra_headers={"X-Team": "blue", "Originator": "cli"},
        extra_query={"beta": "true", "a": ["1", "2"]},
        extra_body={"new": {"float": 1.0}},
    )
    seen = await compare("openai", json_reply(200, body(SAID)), call)
    assert b'"new":{"float":1.0}' in seen.requests[0].body
    assert seen.requests[0].header("originator") == "cli"


@pytest.mark.parametrize("odd", ODD)
async def test_a_stream_however_it_is_cut(compare, odd):
    seen = await compare("openai", ODD[odd], create(stream=True))
    assert text_of(seen.results[0]) == "héllo 𝄞!"
    assert seen.results[0][-1]["type"] == "response.completed"


@pytest.mark.parametrize("end", ["failed", "incomplete"])
async def test_a_stream_that_the_vendor_ends_otherwise(compare, end):
    """It is the vendor's own end, and nothing is put after it."""
    reasons = {"error": {"code": "server_error", "message": "no"}}
    reasons |= {"incomplete_details": {"reason": "max_output_tokens"}}
    last = {"type": f"response.{end}", "sequence_number": 3}
    last |= {"response": response(status=end, **reasons)}
    frame = f"event: {last['type']}\ndata: {json.dumps(last)}\n\n".encode()
    script = sse_reply([*TEXT_FRAMES[:3], frame], chunk_sizes=[17])
    seen = await compare("openai", script, create(stream=True))
    assert [event["type"] for event in seen.results[0]][-1] == f"response.{end}"


async def test_the_stream_helper(compare):
    script = sse_reply(TEXT_FRAMES, headers=HEADERS, chunk_sizes=[9])
    seen = await compare("openai", script, lambda client, _: client.responses.stream(**ASKED))
    assert text_of(seen.results[0]) == "héllo 𝄞!"


def answer_the_tool(*, stream=False):
    def call(client, results):
        first = results[0]
        output = first[-1]["response"]["output"] if isinstance(first, list) else first["output"]
        result = {"type": "function_call_output", "call_id": output[1]["call_id"], "output": "2"}
        asked = [*ASKED["input"], *output, result]
        return client.responses.create(model="m", input=asked, tools=[TOOL], stream=stream)

    return call


async def test_a_tool_loop(compare):
    script = [json_reply(200, body(REASONING, CALL)), json_reply(200, body(SAID))]
    seen = await compare("openai", script, create(tools=[TOOL]), answer_the_tool())
    assert seen.results[1]["output"][0]["content"][0]["text"] == "héllo 𝄞!"
    assert b'{\\"a\\": 1.0}' in seen.requests[1].body


async def test_a_streamed_tool_loop(compare):
    arguments = {"type": "response.function_call_arguments.delta", "output_index": 1}
    arguments |= {"item_id": "fc_1", "delta": '{"a": 1.0}'}
    script = [
        sse_reply(frames(REASONING, CALL, deltas=[arguments]), chunk_sizes=[3]),
        sse_reply(TEXT_FRAMES, chunk_sizes=[1]),
    ]
    calls = (create(tools=[TOOL], stream=True), answer_the_tool(stream=True))
    seen = await compare("openai", script, *calls)
    assert text_of(seen.results[1]) == "héllo 𝄞!"
    assert b"gAAA+/==" in seen.requests[1].body


async def test_reading_cancelling_and_deleting_a_response(compare):
    """The gateway has no routes for them; they are forwarded as they are."""
    seen = await compare(
        "openai",
        json_reply(200, body(SAID), headers=HEADERS),
        lambda client, _: client.responses.retrieve("resp_1", include=["file_search_call.results"]),
        lambda client, _: client.responses.cancel("resp_1"),
        lambda client, _: client.responses.input_items.list("resp_1", limit=5, order="asc"),
    )
    assert [one.method for one in seen.requests] == ["GET", "POST", "GET"]
    assert seen.requests[2].target.startswith("/v1/responses/resp_1/input_items?")


@pytest.mark.parametrize("way", ["with_raw_response", "with_streaming_response"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_the_bytes_as_the_sdk_hands_them_out(compare, way, stream):
    def call(client, _):
        return getattr(client.responses, way).create(**ASKED, stream=stream)

    script = sse_reply(TEXT_FRAMES, chunk_sizes=[5]) if stream else json_reply(200, body(SAID))
    seen = await compare("openai", script, call)
    assert seen.results == [STREAM if stream else body(SAID)]
