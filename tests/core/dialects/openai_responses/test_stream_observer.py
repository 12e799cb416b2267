"""The observer reads little, and the same however the bytes are cut."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunaroute_core.dialects.openai_responses import stream_observer
from lunaroute_core.dialects.openai_responses.stream_observer import ResponsesObserver
from lunaroute_core.errors import ErrorKind
from lunaroute_core.model import CacheWrites, FinishReason, Usage
from lunaroute_core.sse import SSEFramer

RUNNING = {"id": "resp_1", "object": "response", "model": "gpt-5", "status": "in_progress"}
USAGE = {
    "input_tokens": 2600,
    "input_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 400},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 2609,
}


def frame(number, kind, **fields):
    event = {"type": kind, "sequence_number": number, **fields}
    return f"event: {kind}\ndata: {json.dumps(event)}\n\n".encode()


def ended(status, **fields):
    return {**RUNNING, "status": status, **fields}


def delta(number, text):
    return frame(number, "response.output_text.delta", delta=text, output_index=0)


MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}
STREAM = [
    frame(0, "response.created", response=RUNNING),
    frame(1, "response.in_progress", response=RUNNING),
    b": keep-alive\n\n",
    frame(2, "response.output_item.added", item={"type": "message"}, output_index=0),
    delta(3, 'say {"type":"error","sequence_number":77} é\u2028'),
    delta(4, 'event: error\ndata: {"type":"response.failed"}'),
    frame(5, "response.completed", response=ended("completed", output=[MESSAGE], usage=USAGE)),
]


@pytest.fixture
def observer():
    return ResponsesObserver()


def observe(observer, *blocks):
    for block in blocks:
        observer.observe(block)
    return observer


def test_a_whole_stream_is_summarized(observer):
    observe(observer, *STREAM)
    assert (observer.summary.id, observer.summary.model) == ("resp_1", "gpt-5")
    assert observer.summary.finish_reason is FinishReason.STOP
    assert observer.summary.usage == Usage(
        input_tokens=200,
        cache_read_tokens=2000,
        cache_writes=CacheWrites(unknown=400),
        output_tokens=9,
        reasoning_tokens=4,
    )
    assert (observer.started, observer.finished, observer.error) == (True, True, None)
    assert observer.position == 6


def test_it_starts_with_the_first_event_and_not_with_a_comment(observer):
    observer.observe(b": keep-alive\n\n")
    assert not observer.started
    observer.observe(STREAM[0])
    assert observer.started
    assert not observer.finished
    assert observer.summary.id == "resp_1"


def test_the_summary_is_known_before_the_stream_ends(observer):
    summary = observer.summary
    observe(observer, *STREAM)
    assert summary.finish_reason is FinishReason.STOP


@pytest.mark.parametrize(
    ("blocks", "position"), [([], 0), (STREAM[:1], 1), (STREAM[:3], 2), (STREAM[:5], 4)]
)
def test_the_position_is_the_next_number(observer, blocks, position):
    assert observe(observer, *blocks, b"").position == position


def test_the_position_is_that_of_the_last_frame_of_a_block(observer):
    assert observe(observer, b"".join(STREAM[:4])).position == 3


def test_deltas_are_never_decoded(observer, monkeypatch):
    """Not even those that quote the events that are."""
    observe(observer, *STREAM[:4], delta(3, "the first only tells that there is content"))
    monkeypatch.setattr(stream_observer, "_EVENT", None)
    observe(observer, *STREAM[4:6])
    assert observer.error is None


@pytest.mark.parametrize(
    ("status", "fields", "reason"),
    [
        ("completed", {"output": [{"type": "function_call"}]}, FinishReason.TOOL_CALLS),
        ("completed", {"output": [{"type": "custom_tool_call"}]}, FinishReason.TOOL_CALLS),
        ("completed", {"output": [{"type": "web_search_call"}]}, FinishReason.STOP),
        (
            "incomplete",
            {"incomplete_details": {"reason": "max_output_tokens"}},
            FinishReason.LENGTH,
        ),
        (
            "incomplete",
            {"incomplete_details": {"reason": "content_filter"}},
            FinishReason.CONTENT_FILTER,
        ),
        ("failed", {"error": {"code": "server_error", "message": "Oh"}}, FinishReason.ERROR),
        ("cancelled", {}, FinishReason.ERROR),
    ],
)
def test_each_terminal_event_finishes_the_stream(observer, status, fields, reason):
    last = frame(5, f"response.{status}", response=ended(status, **fields))
    observe(observer, *STREAM[:4], last)
    assert observer.finished
    assert observer.summary.finish_reason is reason
    assert (observer.error is not None) is (status == "failed")


def test_a_failure_before_any_output_is_an_error(observer):
    error = {"code": "rate_limit_exceeded", "message": "Slow down"}
    failed = frame(2, "response.failed", response=ended("failed", error=error))
    observe(observer, b"".join([*STREAM[:3], failed]))
    assert observer.error is not None
    assert (observer.error.kind, observer.error.message) == (ErrorKind.RATE_LIMIT, "Slow down")
    assert observer.finished


@pytest.mark.parametrize(("blocks", "has_content"), [(STREAM[:4], False), (STREAM[:5], True)])
def test_a_failure_tells_whether_there_was_content(observer, blocks, has_content):
    failed = frame(9, "response.failed", response=ended("failed", error=None))
    observe(observer, b"".join([*blocks, failed]))
    assert observer.error is not None
    assert (observer.finished, observer.has_content) == (True, has_content)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("event", "has_content"),
    [
        (b": keep-alive\n\n", False),
        (frame(2, "response.queued", response=RUNNING), False),
        (frame(2, "response.output_item.added", item={"type": "message", "content": []}), False),
        (frame(2, "response.output_item.added", item={"type": "reasoning", "summary": []}), False),
        (
            frame(2, "response.content_part.added", part={"type": "output_text", "text": ""}),
            False,
        ),
        (frame(2, "response.reasoning_summary_part.added", part={"text": ""}), False),
        (b'data: {"type":"codex.rate_limits"}\n\n', False),
        (frame(2, "response.output_item.added", item={"type": "function_call"}), True),
        (
            frame(2, "response.output_item.added", item={"type": "message", "content": [{}]}),
            True,
        ),
        (
            frame(2, "response.output_item.added", item={"type": "reasoning", "summary": [{}]}),
            True,
        ),
        (frame(2, "response.content_part.added", part={"type": "output_text", "text": "a"}), True),
        (delta(2, "a"), True),
        (frame(2, "response.refusal.delta", delta="No"), True),
        (frame(2, "response.reasoning_summary_text.delta", delta="Hm"), True),
        (frame(2, "response.function_call_arguments.delta", delta="{"), True),
        (frame(2, "response.output_item.done", item={"type": "reasoning"}), True),
        (b"event: response.output_text.delta\ndata: {broken\n\n", True),
    ],
)
def test_content_is_told_from_its_announcement(observer, event, has_content, ending):
    for block in (*STREAM[:2], event):
        observer.observe(block.replace(b"\n", ending))
    assert observer.has_content is has_content
    at_once = observe(ResponsesObserver(), b"".join([*STREAM[:2], event]).replace(b"\n", ending))
    assert at_once.has_content is has_content


def test_content_may_be_the_first_event(observer):
    assert observe(observer, delta(0, "a")).has_content


def test_an_answer_without_content_has_none(observer):
    observe(observer, *STREAM[:4], STREAM[-1], delta(9, "too late"))
    assert (observer.finished, observer.has_content) == (True, False)


@pytest.mark.parametrize(
    "block",
    [
        (
            b'event: error\ndata: {"type":"error","sequence_number":2,'
            b'"code":"rate_limit_exceeded","message":"Slow down","param":null}\n\n'
        ),
        b'data: {"type":"error","error":{"code":"rate_limit_exceeded","message":"Slow down"}}\n\n',
        b'data: {"error":{"code":"rate_limit_exceeded","message":"Slow down"}}\n\n',
        b'event: error\ndata: {"code":"rate_limit_exceeded","message":"Slow down"}\n\n',
        b'data: {"message":"Slow down","code":"rate_limit_exceeded", "type" : "error"}\r\n\r\n',
    ],
)
@pytest.mark.parametrize("before", [0, 4])
def test_an_error_event_is_read_in_any_shape(observer, block, before):
    observe(observer, *STREAM[:before], block)
    assert observer.finished
    assert observer.started
    assert observer.error is not None
    assert (observer.error.kind, observer.error.message) == (ErrorKind.RATE_LIMIT, "Slow down")
    assert observer.error.type is None


@pytest.mark.parametrize(
    "block",
    [
        b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[]}\n\n',
        b'event: message_start\ndata: {"type":"message_start","message":{}}\n\n',
        b"data: hello\n\n",
        b"data: []\n\n",
        b'data: {"type":"response.created"}\n\n',
        b'data: {"type":"response.created","response":{"id":5}}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
    ],
)
def test_a_stream_of_another_dialect_is_refused_at_its_first_event(observer, block):
    with pytest.raises(ValueError):
        observer.observe(block)


def test_a_malformed_terminal_event_is_refused(observer):
    observe(observer, *STREAM[:4])
    with pytest.raises(msgspec.DecodeError):
        observer.observe(b'data: {"type":"response.completed","response":{"id":\n\n')


def test_a_done_marker_of_a_compatible_server_is_no_event(observer):
    observe(observer, *STREAM, b"data: [DONE]\n\n")
    assert observer.position == 6
    assert observer.error is None


def test_a_last_frame_without_its_blank_line_counts(observer):
    observe(observer, *STREAM[:-1], STREAM[-1].rstrip(b"\n"))
    assert observer.finished


@given(
    st.lists(st.integers(0, len(b"".join(STREAM))), max_size=12),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
@settings(max_examples=100, deadline=None)
def test_any_chunking_gives_the_same_summary(cuts, ending):
    stream = b"".join(STREAM).replace(b"\n", ending)
    framer, observer = SSEFramer(), ResponsesObserver()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
        if block := framer.feed(stream[start:end]):
            observer.observe(block)
    whole = observe(ResponsesObserver(), *STREAM)
    assert observer.summary == whole.summary
    assert (observer.finished, observer.error, observer.position) == (True, None, 6)
    assert observer.has_content
