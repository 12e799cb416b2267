import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationAdd,
    FinishReason,
    NormalizedResponse,
    OpaqueEvent,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    StreamEnd,
    StreamError,
    StreamFinish,
    StreamPing,
    StreamStart,
    TextDelta,
    ToolCallBlock,
    UsageUpdate,
)
from lunaroute_core.sse import encode_event
from lunaroute_core.testing import check_events

STREAMS = ANTHROPIC_MESSAGES.streams
RESPONSES = ANTHROPIC_MESSAGES.responses
START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 1},
    },
}
END_TURN = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    "usage": {"output_tokens": 5},
}
STOP = {"type": "message_stop"}
CALL = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
DELTAS = {
    "text_delta": "text",
    "input_json_delta": "partial_json",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "citations_delta": "citation",
}


def frames(*events):
    return b"".join(encode_event(msgspec.json.encode(it), event=it["type"]) for it in events)


def begin(index, block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index, kind, value):
    written = {"type": kind, DELTAS[kind]: value}
    return {"type": "content_block_delta", "index": index, "delta": written}


def stop(index):
    return {"type": "content_block_stop", "index": index}


def read(*events):
    return STREAMS.decoder().decode(frames(*events))


def whole(*inside, end=END_TURN):
    events = read(START, *inside, end, STOP)
    check_events(events)
    return events


def pieces(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)]


def streamed_block(index, block, size):
    """A block's events as the vendor sends them, its content cut into pieces of `size`."""
    match block["type"]:
        case "text":
            yield begin(index, {**block, "text": "", "citations": None})
            yield from (delta(index, "text_delta", it) for it in pieces(block["text"], size))
            for citation in block["citations"] or []:
                yield delta(index, "citations_delta", citation)
        case "thinking":
            yield begin(index, {"type": "thinking", "thinking": "", "signature": ""})
            for it in pieces(block["thinking"], size):
                yield delta(index, "thinking_delta", it)
            yield delta(index, "signature_delta", block["signature"])
        case "tool_use" | "server_tool_use":
            yield begin(index, {**block, "input": {}})
            yield delta(index, "input_json_delta", "")
            text = msgspec.json.encode(block["input"]).decode() if block["input"] else ""
            yield from (delta(index, "input_json_delta", it) for it in pieces(text, size))
        case _:
            yield begin(index, block)
    yield stop(index)


def streamed(message, size=3):
    """A message's whole stream."""
    opening = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    usage = message["usage"]
    yield {"type": "message_start", "message": {**opening, "usage": {**usage, "output_tokens": 1}}}
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        yield from streamed_block(index, block, size)
    ending = {key: message[key] for key in ("stop_reason", "stop_sequence")}
    counts = {key: usage[key] for key in ("output_tokens", "output_tokens_details")}
    yield {"type": "message_delta", "delta": ending, "usage": counts}
    yield STOP


def accumulated(events):  # noqa: PLR0912 - one for each kind
    """The answer that a stream's events tell."""
    response, blocks = None, {}
    for event in events:
        match event:
            case StreamStart():
                response = NormalizedResponse(
                    id=event.id, model=event.model, usage=event.usage, extensions=event.extensions
                )
            case BlockStart(index=index, block=block):
                blocks[index] = msgspec.structs.replace(block)
            case TextDelta(index=index, text=text):
                blocks[index].text += text
            case CitationAdd(index=index, citation=citation):
                blocks[index].citations = [*blocks[index].citations, citation]
            case ArgumentsDelta(index=index, fragment=fragment):
                blocks[index].raw_arguments += fragment
            case ReasoningDelta(index=index, text=text):
                blocks[index].parts = ["".join([*blocks[index].parts, text])]
            case OpaqueSet(index=index, opaque=opaque):
                blocks[index].opaque = opaque
            case BlockEnd(index=index, block=block):
                blocks[index] = block or blocks[index]
            case UsageUpdate(usage=usage):
                response.usage = usage.merged_over(response.usage)
            case StreamFinish(finish=finish):
                response.finish = finish
            case _:
                pass
    for block in blocks.values():
        if isinstance(block, ToolCallBlock):
            block.arguments = msgspec.json.decode(block.raw_arguments)
    response.blocks = list(blocks.values())
    return response


@given(data=st.data(), size=st.integers(1, 9))
def test_a_stream_tells_the_same_message_as_the_whole(data, size, wire_messages):
    message = data.draw(wire_messages)
    decoder = STREAMS.decoder()
    events = [event for frame in streamed(message, size) for event in decoder.decode(frames(frame))]
    check_events(events)
    assert decoder.end() == []
    assert accumulated(events) == RESPONSES.decode(msgspec.json.encode(message))


@given(data=st.data())
def test_a_stream_survives_decoding_and_encoding(data, wire_messages, encode_stream, accumulate):
    body = frames(*streamed(data.draw(wire_messages)))
    encoded = encode_stream(STREAMS.decoder().decode(body))
    assert accumulate(encoded) == accumulate(body)


@given(data=st.data())
def test_blocks_may_hold_any_number_of_frames(data, wire_messages):
    events = [*streamed(data.draw(wire_messages))]
    cut = data.draw(st.integers(0, len(events)))
    decoder = STREAMS.decoder()
    parts = decoder.decode(frames(*events[:cut])) + decoder.decode(frames(*events[cut:]))
    assert parts == read(*events)


def test_a_text_stream_is_read_as_it_comes():
    text = {"type": "text", "text": ""}
    events = whole(begin(0, text), delta(0, "text_delta", "Hi"), stop(0))
    assert [type(event).__name__ for event in events] == [
        "StreamStart",
        "BlockStart",
        "TextDelta",
        "BlockEnd",
        "UsageUpdate",
        "StreamFinish",
        "StreamEnd",
    ]
    assert (events[0].id, events[0].model, events[0].usage.input_tokens) == ("msg_1", "claude", 3)
    assert events[4].usage.output_tokens == 5
    assert events[5].finish.raw == "end_turn"


def test_a_text_that_starts_full_is_a_delta_too():
    events = whole(begin(0, {"type": "text", "text": "Hi"}), stop(0))
    assert events[1].block.text == ""
    assert events[2] == TextDelta(index=0, text="Hi")


@pytest.mark.parametrize(
    ("given", "fragments", "arguments"),
    [
        ({}, [], "{}"),
        ({}, [""], "{}"),
        ({"a": 1}, [], '{"a":1}'),
        ({}, ['{"a"', ": 1}"], '{"a": 1}'),
        ({}, ['{"a": "cut o'], '{"a": "cut o'),
    ],
)
def test_a_calls_arguments_are_its_deltas_or_else_its_start(given, fragments, arguments):
    deltas = [delta(0, "input_json_delta", it) for it in fragments]
    events = whole(begin(0, {**CALL, "input": given}), *deltas, stop(0))
    assert events[1].block == ToolCallBlock(id="c", name="f")
    said = [event.fragment for event in events if isinstance(event, ArgumentsDelta)]
    assert "".join(said) == arguments
    assert events[-2].finish.reason is FinishReason.TOOL_CALLS


def test_thinking_that_is_not_shown_is_its_signature():
    opened = begin(0, {"type": "thinking", "thinking": "", "signature": ""})
    events = whole(opened, delta(0, "signature_delta", "s"), stop(0))
    assert events[2] == OpaqueSet(index=0, opaque="s")
    final = events[3].block
    assert isinstance(final, ReasoningBlock)
    assert (final.variant, final.opaque) == ("signature_only", "s")
    assert final.origin.model == "claude"


def test_a_hosted_calls_input_is_put_together():
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    deltas = [delta(0, "input_json_delta", it) for it in ('{"query"', ':"q"}')]
    events = whole(begin(0, search), *deltas, stop(0))
    assert events[2].block.raw == {**search, "input": {"query": "q"}}
    events = whole(begin(0, search), deltas[0], stop(0))
    assert events[2].block.raw["input"] == {"_raw_arguments": '{"query"'}


def test_a_compaction_is_put_together():
    text = {"type": "compaction_delta", "content": "so far"}
    added = {"type": "content_block_delta", "index": 0, "delta": text}
    events = whole(begin(0, {"type": "compaction", "content": None}), added, added, stop(0))
    assert events[2].block.raw["content"] == "so farso far"


@pytest.mark.parametrize("content", ["so far", None])
def test_what_a_compaction_holds_for_its_vendor_is_kept(content):
    said = {"type": "compaction_delta", "content": content, "encrypted_content": "e=="}
    added = {"type": "content_block_delta", "index": 0, "delta": said}
    events = whole(begin(0, {"type": "compaction", "content": None}), added, stop(0))
    assert events[2].block.raw == {
        "type": "compaction",
        "content": content,
        "encrypted_content": "e==",
    }


def test_what_nobody_knows_passes_whole():
    later = {"type": "later_event", "a": 1}
    unknown = {"type": "content_block_delta", "index": 0, "delta": {"type": "later", "a": [1]}}
    events = whole(later, begin(0, {"type": "text", "text": ""}), unknown, stop(0))
    opaque = [event for event in events if isinstance(event, OpaqueEvent)]
    assert [(event.event, event.raw) for event in opaque] == [
        ("later_event", later),
        ("content_block_delta", unknown),
    ]


def test_pings_pass_at_any_time():
    events = read({"type": "ping"}, START, {"type": "ping"})
    assert events[0] == events[2] == StreamPing()


def test_the_last_message_delta_has_the_last_word():
    first = {"type": "message_delta", "delta": {"container": {"id": "k"}}, "usage": None}
    second = {**END_TURN, "context_management": {"applied_edits": []}}
    events = whole(first, end=second)
    finished = events[-2]
    assert finished.finish.reason is FinishReason.STOP
    assert finished.extensions == {
        "anthropic_messages": {
            "container": {"id": "k"},
            "context_management": {"applied_edits": []},
        }
    }


def test_calls_decide_why_it_stopped():
    assert whole(begin(0, CALL), stop(0))[-2].finish.reason is FinishReason.TOOL_CALLS
    claimed = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": None}
    assert whole(end=claimed)[-2].finish.reason is FinishReason.STOP
    silent = {"type": "message_delta", "delta": {}}
    assert whole(end=silent)[-2].finish.reason is FinishReason.STOP


@pytest.mark.parametrize("before", [(), (START,), (START, begin(0, CALL))])
def test_an_error_ends_the_stream_at_any_time(before):
    failed = {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}
    events = read(*before, failed, STOP, {"type": "ping"})
    assert events[-1] == StreamError(kind="overloaded", message="Busy", type="overloaded_error")
    check_events(events)


def test_an_errors_name_alone_tells_it():
    events = STREAMS.decoder().decode(b"event: error\ndata: {}\n\n")
    assert events == [StreamError(kind="server", message="the upstream reported an error")]


def test_nothing_follows_the_end():
    assert whole()[-1] == StreamEnd()
    assert read(START, END_TURN, STOP, START, {"type": "ping"})[-1] == StreamEnd()


def test_a_stream_cut_off_has_no_end():
    decoder = STREAMS.decoder()
    events = decoder.decode(frames(START, begin(0, CALL)))
    assert decoder.end() == []
    assert not any(isinstance(event, StreamFinish | StreamEnd) for event in events)


def test_frames_without_names_comments_and_other_line_ends_are_read():
    unnamed = b"".join(
        b"data: " + msgspec.json.encode(it) + b"\r\n\r\n" for it in (START, END_TURN)
    )
    events = STREAMS.decoder().decode(b": hello\n\n" + unnamed + b'data: {"type":"message_stop"}')
    assert events[-1] == StreamEnd()


@pytest.mark.parametrize(
    "events",
    [
        [STOP],
        [begin(0, CALL)],
        [START, START],
        [{"type": "message_start"}],
        [{"type": "message_start", "message": {"model": "m"}}],
        [START, stop(0)],
        [START, delta(0, "text_delta", "x")],
        [START, begin(0, CALL), begin(0, CALL)],
        [START, begin(0, CALL), stop(0), begin(0, CALL)],
        [START, {"type": "content_block_start", "index": 0}],
        [START, {"type": "content_block_start", "content_block": CALL}],
        [START, begin(0, {"type": "text", "text": 1})],
        [START, begin(0, CALL), delta(0, "text_delta", "x")],
        [START, begin(0, CALL), delta(0, "input_json_delta", 1)],
        [START, begin(0, CALL), END_TURN, STOP],
        [START, {"type": "message_delta", "delta": 1}],
        [START, {"type": "message_delta", "delta": {"stop_reason": 1}}, STOP],
    ],
)
def test_events_that_are_not_the_dialects_are_value_errors(events):
    with pytest.raises(ValueError, match=r".+"):
        read(*events)


@pytest.mark.parametrize("data", [b"[DONE]", b"[1]", b"{", b'"\xff"', b'{"a":' * 100_000])
def test_data_that_is_no_object_is_a_value_error(data):
    with pytest.raises(ValueError, match=r".+"):
        STREAMS.decoder().decode(b"event: message_start\ndata: " + data + b"\n\n")


def seconds_for(count):
    decoder = STREAMS.decoder()
    decoder.decode(frames(START, begin(0, CALL)))
    frame = frames(delta(0, "input_json_delta", "x" * 20))
    best = []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(count):
            decoder.decode(frame)
        best.append(time.perf_counter() - began)
    return min(best)


def test_time_is_linear_in_the_length():
    assert seconds_for(8000) < seconds_for(1000) * 8 * 4
