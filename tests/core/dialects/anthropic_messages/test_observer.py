import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.errors import ErrorKind
from lunaroute_core.model import CacheWrites, FinishReason, Usage
from lunaroute_core.sse import SSEFramer, encode_event

START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 90,
            "cache_creation_input_tokens": 20,
            "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 1,
        },
    },
}
BLOCK = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": 'an "error", "type":"message_stop"\u2028'},
    },
    {"type": "content_block_stop", "index": 0},
]
DELTA = {
    "type": "message_delta",
    "delta": {"stop_reason": "tool_use", "stop_sequence": None},
    "usage": {"cache_creation_input_tokens": 20, "output_tokens": 7},
}
STOP = {"type": "message_stop"}
WHOLE = [START, *BLOCK, DELTA, STOP]
SUMMARY = AnswerSummary(
    id="msg_1",
    model="claude",
    finish_reason=FinishReason.TOOL_CALLS,
    usage=Usage(
        input_tokens=10,
        cache_read_tokens=90,
        cache_writes=CacheWrites(m5=20),
        output_tokens=7,
    ),
)


def frame(event: dict, *, named: bool = True) -> bytes:
    return encode_event(msgspec.json.encode(event), event=event["type"] if named else None)


def observed(*blocks: bytes):
    observer = ANTHROPIC_MESSAGES.streams.observer()
    for block in blocks:
        observer.observe(block)
    return observer


@pytest.mark.parametrize("named", [True, False])
def test_a_whole_stream_is_summarized(named):
    observer = observed(*(frame(event, named=named) for event in WHOLE))
    assert observer.summary == SUMMARY
    assert observer.started
    assert observer.finished
    assert observer.error is None
    assert observer.position == 0


@given(
    st.lists(st.integers(min_value=1, max_value=40), min_size=1),
    st.booleans(),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_the_summary_is_the_same_in_any_chunking(sizes, named, ending):
    stream = b"".join(frame(event, named=named) for event in WHOLE).replace(b"\n", ending)
    framer, observer = SSEFramer(), ANTHROPIC_MESSAGES.streams.observer()
    at = turn = 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        observer.observe(framer.feed(stream[at : at + size]))
        at, turn = at + size, turn + 1
    assert observer.summary == SUMMARY
    assert observer.finished
    assert observer.has_content


def test_it_starts_with_the_first_event_and_not_with_a_comment():
    observer = observed(b": hello\n\n")
    assert not observer.started
    observer.observe(frame({"type": "ping"}))
    assert observer.started


def test_it_is_finished_by_message_stop_alone():
    observer = observed(*map(frame, WHOLE[:-1]))
    assert not observer.finished
    observer.observe(frame(STOP))
    assert observer.finished


def opened(**block):
    return {"type": "content_block_start", "index": 0, "content_block": block}


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("event", "has_content"),
    [
        ({"type": "ping"}, False),
        (opened(type="text", text=""), False),
        (opened(type="thinking", thinking="", signature=""), False),
        ({"type": "content_block_stop", "index": 0}, False),
        ({"type": "brand_new"}, False),
        (DELTA, False),
        (opened(type="text", text="a"), True),
        (opened(type="thinking", thinking="hm"), True),
        (opened(type="redacted_thinking", data="x"), True),
        (opened(type="tool_use", id="toolu_1", name="f", input={}), True),
        (opened(type="brand_new"), True),
        (BLOCK[2], True),
        (
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "signature_delta", "signature": "x"},
            },
            True,
        ),
    ],
)
def test_content_is_told_from_its_announcement(event, has_content, named):
    blocks = [frame(START, named=named), frame(event, named=named)]
    assert observed(*blocks).has_content is has_content
    assert observed(b"".join(blocks)).has_content is has_content
    assert observed(b"".join(blocks).replace(b"\n", b"\r\n")).has_content is has_content


@pytest.mark.parametrize(
    "block",
    [
        b"event: content_block_delta\ndata: {broken\n\n",
        b"event: content_block_start\ndata: {broken content_block_\n\n",
    ],
)
def test_content_that_cannot_be_read_counts(block):
    assert observed(frame(START), block).has_content


def test_an_answer_without_content_has_none():
    observer = observed(*map(frame, [START, BLOCK[0], BLOCK[3], DELTA, STOP, BLOCK[2]]))
    assert (observer.finished, observer.has_content) == (True, False)


def test_an_error_before_content_is_none():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    observer = observed(b"".join(map(frame, [START, BLOCK[0], error, BLOCK[2]])))
    assert (observer.error is not None, observer.has_content) == (True, False)


def test_content_is_not_decoded():
    observer = observed(
        frame(START),
        b"event: content_block_delta\ndata: {broken error message_stop\n\n",
        b'data: {"type":"content_block_delta", broken\n\n',
        b"event: brand_new\ndata: message_stop error\n\n",
    )
    assert not observer.finished
    assert observer.error is None


def test_a_name_that_only_occurs_in_content_is_none():
    named = {"type": "content_block_start", "index": 0, "content_block": {"type": "error"}}
    observer = observed(frame(START), frame(named), frame(named, named=False))
    assert observer.error is None


def test_a_delta_that_says_nothing_keeps_what_is_known():
    observer = observed(frame(START), frame({"type": "message_delta", "delta": {}}), frame(DELTA))
    assert observer.summary == SUMMARY


def test_later_deltas_overwrite_earlier_counts():
    more = {"type": "message_delta", "delta": {}, "usage": {"input_tokens": 12, "output_tokens": 9}}
    observer = observed(frame(START), frame(DELTA), frame(more))
    assert observer.summary.usage.input_tokens == 12
    assert observer.summary.usage.output_tokens == 9
    assert observer.summary.finish_reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("before", [[], [START, BLOCK[0]]])
def test_an_error_event_finishes_the_stream(named, before):
    error = {
        "type": "error",
        "error": {
            "type": "overloaded_error",
            "message": "Overloaded",
            "details": {"error_code": "busy"},
        },
        "request_id": "req_1",
    }
    observer = observed(*map(frame, before), frame(error, named=named), frame(STOP))
    assert observer.finished
    assert observer.started
    assert observer.error.kind is ErrorKind.OVERLOADED
    assert observer.error.message == "Overloaded"
    assert observer.error.type == "overloaded_error"
    assert observer.error.code == "busy"
    assert observer.error.request_id == "req_1"
    assert observer.error.status is None


@pytest.mark.parametrize("data", [b"{}", b'{"error":{"type":"brand_new"}}'])
def test_an_error_without_a_known_type_is_a_server_error(data):
    observer = observed(encode_event(data, event="error"))
    assert observer.error.kind is ErrorKind.SERVER
    assert observer.error.message


def test_nothing_counts_after_the_end():
    observer = observed(*map(frame, WHOLE), b"event: error\ndata: broken\n\n")
    assert observer.error is None


@pytest.mark.parametrize(
    "block",
    [
        b"event: message_start\ndata: {broken\n\n",
        b"event: message_start\ndata: []\n\n",
        b'event: message_start\ndata: {"type":"message_start"}\n\n',
        b'event: message_start\ndata: {"message":{"id":5}}\n\n',
        b'event: message_delta\ndata: {"usage":{"output_tokens":"x"}}\n\n',
        b"event: message_stop\ndata: \xff\n\n",
        b'data: {"type":"message_stop"\n\n',
        b'event: error\ndata: {"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n\n",
        b'data: {"type":"message_stop","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n\n",
    ],
)
def test_a_malformed_event_that_had_to_be_read_is_refused(block):
    with pytest.raises(ValueError):
        observed(block)
