"""Upstreams that answer something else than their dialect: decoders say so with `ValueError`,
whatever it is, in a time that grows with its length and no faster.
"""

import copy
import time

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import NormalizedRequest, RequestSource, StreamOptions
from lunaroute_core.sse import SSEFramer, encode_event
from lunaroute_core.testing import check_events

C, R, A = "openai_chat", "openai_responses", "anthropic_messages"
NAMES = [C, R, A]
EVERY_DIALECT = pytest.mark.parametrize("dialect", NAMES)
CHECKED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WRONG = [None, True, -1, 1.5, 10**30, "", "x", "\ud7ff", [], [None], ["x"], {}, {"type": "x"}]

# --- answers with something of everything -----------------------------------------------------------

CHAT_CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
CHAT_USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 5,
    "total_tokens": 14,
    "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
URL_CITATION = {"url": "https://x", "title": "x", "start_index": 0, "end_index": 2}
CHAT_CITATION = {"type": "url_citation", "url_citation": URL_CITATION}
REASONING_DETAIL = {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "c2ln"}
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "hi",
                "refusal": "no",
                "annotations": [CHAT_CITATION],
                "reasoning_content": "hm",
                "reasoning_details": [REASONING_DETAIL],
                "audio": {"id": "a", "data": "", "transcript": "t", "expires_at": 1},
                "tool_calls": [CHAT_CALL],
            },
            "logprobs": {"content": [{"token": "hi", "logprob": -1.0}]},
            "finish_reason": "tool_calls",
        }
    ],
    "usage": CHAT_USAGE,
}
MESSAGE_USAGE = {
    "input_tokens": 9,
    "cache_read_input_tokens": 2,
    "cache_creation_input_tokens": 1,
    "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"thinking_tokens": 3},
    "server_tool_use": {"web_search_requests": 1},
}
ANTHROPIC_CITATION = {
    "type": "web_search_result_location",
    "url": "https://x",
    "title": "x",
    "cited_text": "hi",
    "encrypted_index": "e",
}
SEARCH = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        SEARCH,
        FOUND,
        {"type": "text", "text": "hi", "citations": [ANTHROPIC_CITATION]},
        {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "stop_details": {"type": "refusal", "category": None},
    "usage": MESSAGE_USAGE,
}
TEXT_PART = {
    "type": "output_text",
    "text": "hi",
    "annotations": [{"type": "url_citation", **URL_CITATION}],
    "logprobs": [],
}
REFUSAL_PART = {"type": "refusal", "refusal": "no"}
MESSAGE_ITEM = {
    "type": "message",
    "id": "msg_1",
    "status": "completed",
    "role": "assistant",
    "content": [TEXT_PART, REFUSAL_PART],
}
REASONING_ITEM = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "ZW5j",
}
CALL_ITEM = {
    "type": "function_call",
    "id": "fc_1",
    "status": "completed",
    "call_id": "call_1",
    "name": "add",
    "arguments": '{"a":1}',
}
CUSTOM_ITEM = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "call_id": "call_2",
    "name": "patch",
    "input": "x",
}
SEARCH_ITEM = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "x"},
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "gpt",
    "status": "completed",
    "output": [REASONING_ITEM, SEARCH_ITEM, MESSAGE_ITEM, CALL_ITEM, CUSTOM_ITEM],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "error": None,
    "incomplete_details": None,
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 14,
    },
}
WHOLE = {C: CHAT, R: RESPONSE, A: MESSAGE}


def chunk(delta=None, *, finish=None, **fields):
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt"}
    return {**head, "choices": [choice], **fields}


def call_fragment(index, **function):
    first = {"id": f"call_{index}", "type": "function"} if "name" in function else {}
    return {"tool_calls": [{"index": index, **first, "function": function}]}


CHAT_STREAM = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "hm"}),
    chunk({"reasoning_details": [REASONING_DETAIL]}),
    chunk({"content": "hi"}),
    chunk({"annotations": [CHAT_CITATION]}),
    chunk({"refusal": "no"}),
    chunk(call_fragment(0, name="add", arguments="")),
    chunk(call_fragment(1, name="sub", arguments='{"b"')),
    chunk(call_fragment(0, arguments='{"a":1}')),
    chunk(call_fragment(1, arguments=":2}")),
    chunk(finish="tool_calls"),
    {**chunk(), "choices": [], "usage": CHAT_USAGE},
]


def started(index, block, *deltas):
    place = {"index": index}
    return [
        {"type": "content_block_start", **place, "content_block": block},
        *({"type": "content_block_delta", **place, "delta": it} for it in deltas),
        {"type": "content_block_stop", **place},
    ]


MESSAGE_STREAM = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "ping"},
    *started(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "c2ln"},
    ),
    *started(1, {"type": "redacted_thinking", "data": "ZGF0YQ=="}),
    *started(
        2,
        {**SEARCH, "input": {}},
        {"type": "input_json_delta", "partial_json": '{"query":"x"}'},
    ),
    *started(3, FOUND),
    *started(
        4,
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "hi"},
        {"type": "citations_delta", "citation": ANTHROPIC_CITATION},
    ),
    *started(
        5,
        {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"a"'},
        {"type": "input_json_delta", "partial_json": ":1}"},
    ),
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": MESSAGE_USAGE,
    },
    {"type": "message_stop"},
]


def response_events():
    events = []

    def add(kind, **more):
        events.append({"type": f"response.{kind}", "sequence_number": len(events), **more})

    begun = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}
    add("created", response=begun)
    add("in_progress", response=begun)
    for index, item in enumerate(RESPONSE["output"]):
        place = {"output_index": index}
        empty = {key: [] if isinstance(item[key], list) else "" for key in FILLED & item.keys()}
        add("output_item.added", **place, item={**item, **empty})
        add_inside(add, item, {**place, "item_id": item["id"]})
        add("output_item.done", **place, item=item)
    add("completed", response=RESPONSE)
    return events


FILLED = {"content", "summary", "arguments", "input"}


def add_inside(add, item, place):
    match item["type"]:
        case "reasoning":
            part, place = item["summary"][0], {**place, "summary_index": 0}
            add("reasoning_summary_part.added", **place, part={**part, "text": ""})
            add("reasoning_summary_text.delta", **place, delta="hm")
            add("reasoning_summary_text.done", **place, text="hm")
            add("reasoning_summary_part.done", **place, part=part)
        case "web_search_call":
            add("web_search_call.searching", **place)
            add("web_search_call.completed", **place)
        case "message":
            first, second = {**place, "content_index": 0}, {**place, "content_index": 1}
            add("content_part.added", **first, part={**TEXT_PART, "text": "", "annotations": []})
            add("output_text.delta", **first, delta="hi", logprobs=[])
            annotation = TEXT_PART["annotations"][0]
            add(
                "output_text.annotation.added",
                **first,
                annotation_index=0,
                annotation=annotation,
            )
            add("output_text.done", **first, text="hi", logprobs=[])
            add("content_part.done", **first, part=TEXT_PART)
            add("content_part.added", **second, part={**REFUSAL_PART, "refusal": ""})
            add("refusal.delta", **second, delta="no")
            add("refusal.done", **second, refusal="no")
            add("content_part.done", **second, part=REFUSAL_PART)
        case "function_call":
            add("function_call_arguments.delta", **place, delta='{"a"')
            add("function_call_arguments.delta", **place, delta=":1}")
            add("function_call_arguments.done", **place, arguments='{"a":1}')
        case "custom_tool_call":
            add("custom_tool_call_input.delta", **place, delta="x")
            add("custom_tool_call_input.done", **place, input="x")


STREAMS = {C: CHAT_STREAM, R: response_events(), A: MESSAGE_STREAM}


# --- bringing them out of shape ---------------------------------------------------------------------


def places(value, path=()):
    """The path of everything inside a JSON value."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in inner:
        yield (*path, key)
        yield from places(item, (*path, key))


def changed(value, path, change):
    """A copy in which `change(container, key)` was done at a path."""
    copied = copy.deepcopy(value)
    *way, last = path
    container = copied
    for key in way:
        container = container[key]
    change(container, last)
    return copied


def put(wrong):
    def change(container, key):
        container[key] = wrong

    return change


def take(container, key):
    del container[key]


def twice(container, key):
    """A list's element a second time; an object has no key twice."""
    if isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))


CHANGES = [*map(put, WRONG), take, twice]


def mutants(value):
    for path in places(value):
        for change in CHANGES:
            yield changed(value, path, change)


def frame(event):
    return encode_event(msgspec.json.encode(event), event=event.get("type"))


def wire_of(dialect, events=None):
    frames = [frame(event) for event in (STREAMS[dialect] if events is None else events)]
    return frames + ([b"data: [DONE]\n\n"] if dialect == C else [])


def asking(client):
    options = StreamOptions(enabled=True, include_usage=True)
    return NormalizedRequest(model="m", source=RequestSource(dialect=client), stream=options)


def decoded(dialect, frames):
    """A stream's events; those before a `ValueError` if there is one, and whether there was."""
    decoder, framer, events = DIALECTS[dialect].streams.decoder(), SSEFramer(), []
    try:
        for piece in frames:
            if block := framer.feed(piece):
                events += decoder.decode(block)
        events += decoder.end()
    except ValueError:
        return events, False
    return events, True


def check_stream(dialect, frames):
    """Nothing but `ValueError` comes out, and every client can be told what was read."""
    events, whole = decoded(dialect, frames)
    if whole and events and type(events[-1]).__name__ in ("StreamEnd", "StreamError"):
        check_events(events)
    for client in NAMES:
        encoder = DIALECTS[client].streams.encoder(request=asking(client))
        for event in events:
            encoder.encode(event)


def check_answer(dialect, body):
    try:
        response = DIALECTS[dialect].responses.decode(body)
    except ValueError:
        return
    for client in NAMES:
        DIALECTS[client].responses.encode(response, request=asking(client))


# --- whole answers ----------------------------------------------------------------------------------


@EVERY_DIALECT
def test_an_answer_with_any_field_wrong_is_read_or_refused(dialect):
    """And whatever is read can be written to a client of any dialect."""
    for mutant in mutants(WHOLE[dialect]):
        check_answer(dialect, msgspec.json.encode(mutant))


@EVERY_DIALECT
def test_half_an_answer_is_refused(dialect):
    body = msgspec.json.encode(WHOLE[dialect])
    DIALECTS[dialect].responses.decode(body)
    for length in range(len(body)):
        with pytest.raises(ValueError):
            DIALECTS[dialect].responses.decode(body[:length])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@EVERY_DIALECT
@CHECKED
@given(body=st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_other_bytes_are_refused_as_an_answer(dialect, body):
    with pytest.raises(ValueError):
        DIALECTS[dialect].responses.decode(body)


DEEP = [b"[" * 200_000, b'{"a":' * 200_000, b'{"choices":' + b"[" * 200_000]


@EVERY_DIALECT
@pytest.mark.parametrize("body", DEEP, ids=["lists", "objects", "choices"])
def test_a_bottomless_answer_is_refused(dialect, body):
    with pytest.raises(ValueError):
        DIALECTS[dialect].responses.decode(body)
    check_stream(dialect, [b"data: " + body + b"\n\n"])
    assert decoded(dialect, [b"data: " + body + b"\n\n"])[1] is False


@pytest.mark.parametrize("upstream", NAMES)
@pytest.mark.parametrize("dialect", NAMES)
def test_an_answer_of_another_dialect_is_refused(dialect, upstream):
    body = msgspec.json.encode(WHOLE[upstream])
    if dialect == upstream:
        DIALECTS[dialect].responses.decode(body)
    else:
        with pytest.raises(ValueError):
            DIALECTS[dialect].responses.decode(body)


# --- streams ----------------------------------------------------------------------------------------


@EVERY_DIALECT
def test_a_stream_with_any_field_of_an_event_wrong_is_read_or_refused(dialect):
    events = STREAMS[dialect]
    for at, event in enumerate(events):
        before, after = wire_of(dialect, events[:at]), wire_of(dialect, events[at + 1 :])
        before = [it for it in before if b"[DONE]" not in it]
        for mutant in mutants(event):
            kind = mutant.get("type")
            named = kind if isinstance(kind, str) and kind.isprintable() else "x"
            data = encode_event(msgspec.json.encode(mutant), event=named)
            check_stream(dialect, [*before, data, *after])


@EVERY_DIALECT
def test_a_stream_with_an_event_missing_doubled_or_moved_is_read_or_refused(dialect):
    frames = wire_of(dialect)
    for at, one in enumerate(frames):
        check_stream(dialect, [*frames[:at], *frames[at + 1 :]])
        check_stream(dialect, [*frames[:at], one, *frames[at:]])
        for other in range(len(frames)):
            moved = [*frames[:at], *frames[at + 1 :]]
            moved.insert(other, one)
            check_stream(dialect, moved)


@EVERY_DIALECT
def test_a_stream_cut_off_anywhere_does_not_end_well(dialect):
    """Where it is cut before its terminal event: without one, no decoder says that it ended."""
    frames = wire_of(dialect)
    wire = b"".join(frames)
    # Chat servers exist that send no `[DONE]`: there a finish reason is enough.
    terminal = (
        next(it for it in frames if b'"finish_reason":"tool_calls"' in it)
        if dialect == C
        else frames[-1]
    )
    ends_at = wire.index(terminal)
    for length in range(len(wire)):
        events, _ = decoded(dialect, [wire[:length]])
        kinds = [type(event).__name__ for event in events]
        if length < ends_at:
            assert "StreamEnd" not in kinds
        check_stream(dialect, [wire[:length]])


@EVERY_DIALECT
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_a_stream_split_anywhere_is_the_same_stream(dialect, size):
    wire = b"".join(wire_of(dialect))
    whole, ended = decoded(dialect, [wire])
    assert ended
    check_events(whole)
    pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
    assert decoded(dialect, pieces) == (whole, True)


@EVERY_DIALECT
@pytest.mark.parametrize("ending", [b"\r\n", b"\r"])
def test_a_stream_with_other_line_endings_is_the_same_stream(dialect, ending):
    wire = b"".join(wire_of(dialect))
    assert decoded(dialect, [wire.replace(b"\n", ending)]) == decoded(dialect, [wire])


FRAMES = st.builds(
    lambda name, data: (b"event: %b\n" % name if name else b"") + b"data: %b\n\n" % data,
    st.sampled_from(
        [b"", b"error", b"message_start", b"content_block_delta", b"response.created", b"x"]
    ),
    st.binary(max_size=40).filter(lambda it: b"\n" not in it and b"\r" not in it)
    | JSON.map(msgspec.json.encode),
)


@EVERY_DIALECT
@CHECKED
@given(frames=st.lists(FRAMES, max_size=5), after=st.integers(0, 60))
def test_other_bytes_in_a_stream_are_read_or_refused(dialect, frames, after):
    check_stream(dialect, [*wire_of(dialect)[:after], *frames])


# --- time -------------------------------------------------------------------------------------------

SMALL, LARGE = 250_000, 2_000_000


def tiny_deltas(dialect, size):
    """Texts of one word each."""
    events = STREAMS[dialect]
    at = next(n for n, event in enumerate(events) if b'"hi"' in frame(event))
    one = frame(events[at])
    frames = wire_of(dialect)
    return [*frames[:at], *[one] * (size // len(one)), *frames[at:]]


def huge_delta(dialect, size):
    """One text of many words."""
    frames = wire_of(dialect)
    at = next(n for n, it in enumerate(frames) if b'"hi"' in it)
    frames[at] = frames[at].replace(b'"hi"', b'"%b"' % (b"hi " * (size // 3)))
    return frames


def long_arguments(dialect, size):
    """One call whose arguments come in small pieces."""
    fragment = b'"{\\"a\\""' if dialect != C else b'"{\\"b\\""'
    frames = wire_of(dialect)
    at = next(n for n, it in enumerate(frames) if fragment in it)
    one = frames[at].replace(fragment, b'"        "')
    if dialect == C:
        one = frame(chunk(call_fragment(1, arguments=" " * 8)))
    return [*frames[: at + 1], *[one] * (size // len(one)), *frames[at + 1 :]]


SHAPES = {"tiny deltas": tiny_deltas, "a huge delta": huge_delta, "arguments": long_arguments}


def seconds(dialect, frames):
    """Processor time for reading a stream, in one piece and in packets, and for writing it."""
    wire = b"".join(frames)
    pieces = [wire[at : at + 1400] for at in range(0, len(wire), 1400)]
    begun = time.process_time()
    events, _ = decoded(dialect, [wire])
    assert decoded(dialect, pieces)[0] == events
    for client in NAMES:
        encoder = DIALECTS[client].streams.encoder(request=asking(client))
        for event in events:
            encoder.encode(event)
    return time.process_time() - begun


@EVERY_DIALECT
@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_a_streams_length_and_no_faster(dialect, shape):
    """Eight times the length in less than 24 times the time; quadratic would be 64."""
    small = min(seconds(dialect, SHAPES[shape](dialect, SMALL)) for _ in range(3))
    large = seconds(dialect, SHAPES[shape](dialect, LARGE))
    assert large < 24 * max(small, 0.005)


def many_calls(size):
    count = size // 120
    return [
        frame(
            chunk(
                {
                    "tool_calls": [
                        {"index": at, "id": f"c{at}", "function": {"name": "f", "arguments": "{}"}}
                    ]
                }
            )
        )
        for at in range(count)
    ]


def test_time_grows_with_the_number_of_calls_and_no_faster():
    frames = wire_of(C)
    small, large = ([*frames[:1], *many_calls(size), *frames[-3:]] for size in (SMALL, LARGE))
    assert seconds(C, large) < 24 * max(min(seconds(C, small) for _ in range(3)), 0.005)
