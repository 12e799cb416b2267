"""The vendor's streams, read."""

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.openai_responses.streams import ResponsesStreams
from lunaroute_core.errors import ErrorKind
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    HostedCallBlock,
    NormalizedRequest,
    OpaqueEvent,
    ReasoningBlock,
    RequestSource,
    StreamEnd,
    StreamError,
    StreamFinish,
    StreamPing,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)
from lunaroute_core.sse import parse_events
from lunaroute_core.testing import check_events

REQUEST = NormalizedRequest(model="m", source=RequestSource(dialect="openai_responses"))
GENERATED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 7, "model": "gpt-5"}
CREATED = {"type": "response.created", "response": {**RESPONSE, "status": "in_progress"}}
USAGE = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
TEXT = {"type": "output_text", "text": "hello", "annotations": []}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": ""}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed"}


def terminal(status="completed", **fields):
    return {
        "type": f"response.{status}",
        "response": {**RESPONSE, "status": status, "output": [], **fields},
    }


def added(item, index=0):
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item, index=0):
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def inside(kind, index=0, **fields):
    return {"type": f"response.{kind}", "output_index": index, **fields}


def text_delta(text, index=0):
    return inside("output_text.delta", index, content_index=0, delta=text)


@GENERATED
@given(data=st.data())
def test_a_stream_amounts_to_what_the_whole_answer_says(
    answers, decoded, put_together, vendor_responses, vendor_stream, data
):
    raw = data.draw(vendor_responses)
    for item in raw["output"]:
        # Its first part ends before it is known that the message is cut short.
        if item["type"] == "message" and len(item["content"]) > 1:
            item["status"] = "completed"
    streamed = put_together(decoded(vendor_stream(raw)))
    assert streamed == answers.decode(msgspec.json.encode(raw))


@GENERATED
@given(data=st.data())
def test_a_stream_written_again_is_the_same_for_the_sdk(
    accumulated, decoded, streams, vendor_responses, vendor_stream, data
):
    raw = data.draw(vendor_responses)
    encoder = streams.encoder(request=REQUEST)
    written = b"".join(map(encoder.encode, decoded(vendor_stream(raw))))
    accumulated(written)
    events = [json.loads(it.data) for it in parse_events(written)]
    final = events[-1]["response"]
    assert {key: final[key] for key in raw} == raw
    done_items = [it["item"] for it in events if it["type"] == "response.output_item.done"]
    assert done_items == raw["output"]


def test_text_and_usage(decoded):
    whole = {**MESSAGE, "status": "completed", "content": [TEXT]}
    events = decoded(
        [
            CREATED,
            {"type": "response.in_progress", "response": CREATED["response"]},
            added({**MESSAGE, "status": "in_progress"}),
            inside("content_part.added", content_index=0, part={**TEXT, "text": ""}),
            text_delta("hel"),
            text_delta("lo"),
            inside("output_text.done", content_index=0, text="hello"),
            inside("content_part.done", content_index=0, part=TEXT),
            done(whole),
            terminal(output=[whole], usage=USAGE, service_tier="flex"),
        ]
    )
    begun = {"$item": {"type": "message", "id": "msg_1", "role": "assistant"}}
    final = {"annotations": [], "$item": {**begun["$item"], "status": "completed"}}
    tier = {"openai_responses": {"service_tier": "flex"}}
    assert events == [
        StreamStart(id="resp_1", model="gpt-5", created=7),
        BlockStart(index=0, block=TextBlock(text="", extensions={"openai_responses": begun})),
        TextDelta(index=0, text="hel"),
        TextDelta(index=0, text="lo"),
        BlockEnd(index=0, block=TextBlock(text="hello", extensions={"openai_responses": final})),
        UsageUpdate(usage=Usage(input_tokens=9, output_tokens=4)),
        StreamFinish(finish=Finish(reason=FinishReason.STOP, raw="completed"), extensions=tier),
        StreamEnd(),
    ]


def test_the_finish_agrees_with_the_content(decoded):
    call = {**CALL, "arguments": "{}"}
    *_, finish, _ = decoded([CREATED, added(CALL), done(call), terminal(output=[call])])
    assert finish.finish.reason is FinishReason.TOOL_CALLS
    details = {"reason": "content_filter"}
    cut = terminal("incomplete", output=[call], incomplete_details=details)
    *_, finish, _ = decoded([CREATED, added(CALL), done(call), cut])
    assert finish.finish == Finish(
        reason=FinishReason.CONTENT_FILTER, raw="content_filter", details=details
    )


def test_the_events_name_says_how_it_ended(decoded):
    """Servers exist whose terminal response still says `in_progress`."""
    last = {"type": "response.completed", "response": CREATED["response"]}
    assert decoded([CREATED, last])[-2].finish.reason is FinishReason.STOP


def test_the_answer_keeps_the_id_it_began_with(decoded):
    """Proxies exist that give each event another."""
    again = {"type": "response.in_progress", "response": {**RESPONSE, "id": "resp_2"}}
    events = decoded([CREATED, again, terminal(id="resp_3")])
    assert [it.id for it in events if isinstance(it, StreamStart)] == ["resp_1"]


def test_hosted_tools_events_stay_as_they_are(decoded):
    searching = inside("web_search_call.searching", item_id="ws_1")
    begun = {**SEARCH, "status": "in_progress"}
    events = decoded([CREATED, added(begun), searching, done(SEARCH), terminal(output=[SEARCH])])
    name = "openai_responses"
    assert events[1:4] == [
        BlockStart(
            index=0,
            block=HostedCallBlock(dialect=name, type="web_search_call", raw=begun, id="ws_1"),
        ),
        OpaqueEvent(dialect=name, event="response.web_search_call.searching", raw=searching),
        BlockEnd(
            index=0,
            block=HostedCallBlock(dialect=name, type="web_search_call", raw=SEARCH, id="ws_1"),
        ),
    ]


def test_events_of_later_versions_stay_as_they_are(decoded):
    later = {"type": "response.hologram.delta", "delta": {"x": 1}, "output_index": "none"}
    assert decoded([CREATED, later])[1] == OpaqueEvent(
        dialect="openai_responses", event="response.hologram.delta", raw=later
    )


def test_text_events_of_an_unknown_item_stay_as_they_are(decoded, put_together):
    item = {"type": "hologram", "id": "h_1"}
    part = inside("content_part.added", content_index=0, part={"type": "light"})
    events = decoded([CREATED, added(item), part, done(item), terminal(output=[item])])
    assert [it.event for it in events if isinstance(it, OpaqueEvent)] == [part["type"]]
    assert put_together(events).blocks[0].raw == item


def test_two_calls_at_once_are_two_blocks(decoded, put_together):
    other = {**CALL, "id": "fc_2", "call_id": "d", "name": "g"}

    def fragment(index, text):
        return inside("function_call_arguments.delta", index, delta=text)

    events = decoded(
        [
            CREATED,
            added(CALL, 0),
            added(other, 1),
            fragment(0, '{"x":'),
            fragment(1, '{"y":'),
            fragment(0, "1}"),
            fragment(1, "2}"),
            done({**CALL, "arguments": '{"x":1}'}, 0),
            done({**other, "arguments": '{"y":2}'}, 1),
            terminal(),
        ]
    )
    calls = put_together(events).blocks
    assert [(it.id, it.arguments) for it in calls] == [("c", {"x": 1}), ("d", {"y": 2})]


def test_an_announced_reasoning_keeps_its_place_before_what_begins_next(decoded, put_together):
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": []}
    sealed = {**reasoning, "encrypted_content": "enc"}
    events = decoded(
        [CREATED, added(reasoning, 0), added(CALL, 1), done(CALL, 1), done(sealed, 0), terminal()]
    )
    first, second = put_together(events).blocks
    assert isinstance(first, ReasoningBlock)
    assert (first.opaque, first.parts) == ("enc", [])
    assert isinstance(second, ToolCallBlock)


# What other servers do


def test_an_item_told_only_at_its_end(decoded, put_together):
    message = {**MESSAGE, "content": [TEXT, {"type": "refusal", "refusal": "no"}]}
    call = {**CALL, "arguments": '{"a":1}'}
    events = decoded([CREATED, done(message, 0), done(call, 1), terminal()])
    text, refusal, called = put_together(events).blocks
    assert (text.text, refusal.text, called.arguments) == ("hello", "no", {"a": 1})
    assert ArgumentsDelta(index=2, fragment='{"a":1}') in events


def test_an_item_told_only_in_the_terminal_event(decoded, put_together):
    message, call = {**MESSAGE, "content": [TEXT]}, {**CALL, "arguments": "{}"}
    answer = put_together(decoded([CREATED, done(message), terminal(output=[message, call])]))
    assert [type(it) for it in answer.blocks] == [TextBlock, ToolCallBlock]
    alone = put_together(decoded([terminal(output=[message])]))
    assert (alone.id, alone.blocks[0].text) == ("resp_1", "hello")


def test_an_item_that_never_ends_is_ended_by_the_terminal_event(decoded, put_together):
    call = {**CALL, "arguments": '{"a":1}'}
    fragment = inside("function_call_arguments.delta", delta='{"a"')
    for last, raw in [(terminal(output=[call]), '{"a":1}'), (terminal(), '{"a"')]:
        (block,) = put_together(decoded([CREATED, added(CALL), fragment, last])).blocks
        assert block.raw_arguments == raw


def test_one_index_for_every_item(decoded, put_together):
    message = {**MESSAGE, "content": [TEXT]}
    events = [CREATED, added(MESSAGE), done(message), added(CALL), done(CALL), terminal()]
    assert [type(it) for it in put_together(decoded(events)).blocks] == [TextBlock, ToolCallBlock]


def test_an_empty_announcement_is_nothing(decoded):
    assert [type(it) for it in decoded([CREATED, added(None), terminal()])] == [
        StreamStart,
        StreamFinish,
        StreamEnd,
    ]


def test_a_type_in_the_events_name_only(wire):
    decoder = ResponsesStreams().decoder()
    nameless = {"response": CREATED["response"]}
    data = b"event: response.created\ndata: %b\n\n" % msgspec.json.encode(nameless)
    assert decoder.decode(data) == [StreamStart(id="resp_1", model="gpt-5", created=7)]


def test_keep_alives_are_pings_and_empty_data_nothing(decoded, wire):
    events = decoded([{"type": "keepalive", "sequence_number": 0}, CREATED])
    assert [type(it) for it in events] == [StreamPing, StreamStart]
    decoder = ResponsesStreams().decoder()
    assert decoder.decode(b"data:\n\n: hi\n\ndata: [DONE]\n\n" + wire([CREATED])) == events[1:]


# How streams end


def test_a_stream_says_itself_where_it_ends(decoded):
    assert decoded([CREATED, added(MESSAGE), text_delta("hi")])[-1] == TextDelta(index=0, text="hi")


def test_nothing_follows_the_end(wire):
    decoder = ResponsesStreams().decoder()
    events = decoder.decode(wire([CREATED, terminal(), CREATED, {"type": "error"}]))
    assert isinstance(events[-1], StreamEnd)
    assert decoder.decode(wire([CREATED])) == []
    assert decoder.end() == []


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down", "param": None},
        {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "Slow down"}},
        {"error": {"code": "rate_limit_exceeded", "message": "Slow down"}},
        terminal("failed", error={"code": "rate_limit_exceeded", "message": "Slow down"}),
    ],
    ids=["flat", "nested", "untyped", "failed"],
)
def test_an_error_ends_the_stream(event, decoded):
    events = decoded([CREATED, added(MESSAGE), event, terminal()])
    check_events(events)
    assert events[-1] == StreamError(
        kind=ErrorKind.RATE_LIMIT, message="Slow down", code="rate_limit_exceeded"
    )


def test_what_a_failed_response_has_used_is_told(decoded):
    events = decoded([CREATED, terminal("failed", error=None, usage=USAGE)])
    assert [type(it) for it in events] == [StreamStart, UsageUpdate, StreamError]
    assert "without saying which" in events[-1].message


def test_a_cancelled_response_is_an_error(decoded):
    (_, error) = decoded([CREATED, terminal("cancelled")])
    assert error == StreamError(kind=ErrorKind.SERVER, message="the response was cancelled")


@pytest.mark.parametrize(
    ("events", "named"),
    [
        ([added(MESSAGE)], "before response.created"),
        ([{"type": "response.created"}], "response: must be an object"),
        ([{"type": "response.created", "response": {"id": 5}}], r"response\.id"),
        ([CREATED, {"type": "response.completed", "response": []}], "response: must be an object"),
        ([CREATED, terminal(usage={"input_tokens": "1"})], r"response\.usage\.input_tokens"),
        ([CREATED, added(5)], "item: must be an object"),
        ([CREATED, added({})], r"item\.type"),
        ([CREATED, {**added(MESSAGE), "output_index": None}], "output_index: must be an integer"),
        ([CREATED, {**added(MESSAGE), "output_index": True}], "output_index: must be an integer"),
        ([CREATED, added(MESSAGE), added(MESSAGE)], "item 0 has begun already"),
        ([CREATED, done(CALL), done(CALL)], "item 0 has ended already"),
        ([CREATED, added(MESSAGE), done(CALL)], r"item\.type"),
        ([CREATED, text_delta("hi")], "item 0 is not open"),
        ([CREATED, added(CALL), text_delta("hi")], "output_text.delta in an item of type"),
        ([CREATED, added({**CALL, "name": ""})], r"item\.name"),
        ([CREATED, terminal(output=[{"type": "message", "content": 5}])], r"item\.content"),
    ],
)
def test_what_is_malformed_is_named(events, named, decoded):
    with pytest.raises(ValueError, match=named):
        decoded(events)


@pytest.mark.parametrize("data", [b"{", b"[]", b"5", b"[" * 100_000, b'{"type": "\xff"}'])
def test_what_is_no_event_is_an_error(data):
    with pytest.raises(ValueError):
        ResponsesStreams().decoder().decode(b"data: %b\n\n" % data)
