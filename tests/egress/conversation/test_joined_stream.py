"""Parts of an answer in the dialect whose answers pause."""

import json

import pytest

from lunaroute_core import (
    ModelStream,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamUnavailableError,
    WireStream,
)
from lunaroute_core.answer_accumulator import AnswerAccumulator
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model import (
    BlockStart,
    CacheWrites,
    Finish,
    FinishReason,
    StreamFinish,
    StreamStart,
    TextBlock,
    TextDelta,
    Usage,
    UsageUpdate,
)
from lunaroute_core.sse import encode_event
from lunaroute_core.testing import FakeClock, FakeProvider, chat_request, check_events
from lunaroute_egress.conversation.joined_stream import JoinedStream
from lunaroute_egress.conversation.paused_turn import PausedTurn

A = "anthropic_messages"


class Source:
    """A `ByteSource` of frames; an exception among them breaks it."""

    def __init__(self, *pieces):
        self.pieces = [*pieces]
        self.closed = 0

    async def read(self):
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def aclose(self):
        self.closed += 1


def frame(**event):
    return encode_event(json.dumps(event).encode(), event=event["type"])


def part(number, *texts, stop="pause_turn", first=0, **usage):
    """The frames of a part, one for each event."""
    message = {"id": f"msg_{number}", "model": f"m{number}", "role": "assistant", "content": []}
    message["usage"] = {"input_tokens": number, "output_tokens": 1}
    frames = [frame(type="message_start", message=message)]
    for index, said in enumerate(texts, first):
        empty, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": said}
        frames.append(frame(type="content_block_start", index=index, content_block=empty))
        frames.append(frame(type="content_block_delta", index=index, delta=delta))
        frames.append(frame(type="content_block_stop", index=index))
    usage = {"output_tokens": 10 * number, **usage}
    frames.append(frame(type="message_delta", delta={"stop_reason": stop}, usage=usage))
    return [*frames, frame(type="message_stop")]


def following(*sources):
    """A provider that goes on with these."""
    answers = [
        it
        if isinstance(it, Exception)
        else ModelStream(provider="up", model="m", wire=WireStream(dialect=A, source=it))
        for it in sources
    ]
    return FakeProvider(*answers)


def opened(first, *others, left=10):
    """A stream that begins with one source and goes on with others."""
    request = chat_request(stream=True)
    provider = following(*others)
    turn = PausedTurn(
        provider=provider,
        request=request,
        left=left,
        started=0.0,
        total=None,
        deadlines=None,
        clock=FakeClock(),
    )
    joined = JoinedStream(source=first, codec=dialect_named(A).streams, turn=turn)
    wire = WireStream(dialect=A, source=joined, reading=joined)
    stream = ModelStream(provider="up", model="m", wire=wire, stages=())
    return stream, request, provider


async def events_of(stream):
    async with stream:
        return [event async for event in stream]


async def test_parts_are_one_stream():
    stream, request, _ = opened(
        Source(*part(1, "a", "b")), Source(*part(2, "c")), Source(*part(3, "d", stop="max_tokens"))
    )
    events = await events_of(stream)
    check_events(events)
    assert [it for it in events if isinstance(it, StreamStart)] == [events[0]]
    assert events[0].id == "msg_1"
    assert [it.index for it in events if isinstance(it, BlockStart)] == [0, 1, 2, 3]
    assert "".join(it.text for it in events if isinstance(it, TextDelta)) == "abcd"
    assert [it.finish for it in events if isinstance(it, StreamFinish)] == [
        Finish(reason=FinishReason.LENGTH, raw="max_tokens")
    ]
    assert (stream.outcome, stream.failure) == ("completed", None)
    assert request.context.warnings == []


async def test_each_part_is_asked_for_with_all_before_it():
    stream, request, provider = opened(
        Source(*part(1, "a", "b")), Source(*part(2, "c")), Source(*part(3, "d", stop="end_turn"))
    )
    await events_of(stream)
    so_far = [[it.text for it in asked.normalized.paused.blocks] for asked in provider.requests]
    assert so_far == [["a", "b"], ["a", "b", "c"]]
    assert request.context.attempts == 2


async def test_bytes_may_come_in_any_pieces():
    wholes = [b"".join(part(1, "a", "b")), b"".join(part(2, "c", stop="end_turn"))]
    for size in (1, 7, 10_000):
        one, two = (
            Source(*(whole[at : at + size] for at in range(0, len(whole), size)))
            for whole in wholes
        )
        stream, _, _ = opened(one, two)
        events = await events_of(stream)
        check_events(events)
        assert "".join(it.text for it in events if isinstance(it, TextDelta)) == "abc"


async def test_what_was_used_grows_over_the_parts():
    more = {"cache_read_input_tokens": 4, "cache_creation_input_tokens": 2}
    search = {"server_tool_use": {"web_search_requests": 1}}
    stream, _, provider = opened(
        Source(*part(1, "a", **more, **search)),
        Source(*part(2, "b", **search)),
        Source(*part(3, "c", stop="end_turn", **more)),
    )
    events = await events_of(stream)
    whole = Usage(
        input_tokens=6,
        cache_read_tokens=8,
        cache_writes=CacheWrites(unknown=4),
        output_tokens=60,
        details={"server_tool_use": {"web_search_requests": 2}},
    )
    told = AnswerAccumulator()
    for event in events:
        told.add(event)
    assert told.response.usage == stream.summary.usage == whole
    counts = [it.usage.output_tokens for it in events if isinstance(it, UsageUpdate)]
    assert counts == [10, 11, 30, 31, 60]
    assert provider.requests[1].normalized.paused.usage.output_tokens == 30
    assert stream.summary.id == "msg_1"
    assert stream.summary.finish_reason is FinishReason.STOP


async def test_blocks_are_told_apart_however_a_server_numbers_them():
    stream, _, _ = opened(
        Source(*part(1, "a", "b", first=1)), Source(*part(2, "c", first=0, stop="end_turn"))
    )
    events = await events_of(stream)
    check_events(events)
    assert [it.index for it in events if isinstance(it, BlockStart)] == [1, 2, 3]


async def test_what_a_vendor_says_after_a_part_is_no_part_of_the_next():
    after = [b": done\n\n", frame(type="ping"), *part(9, "late")]
    stream, _, _ = opened(Source(*part(1, "a"), *after), Source(*part(2, "b", stop="end_turn")))
    events = await events_of(stream)
    assert [it.text for it in events if isinstance(it, TextDelta)] == ["a", "b"]


async def test_the_last_part_that_may_be_is_the_end():
    stream, request, provider = opened(Source(*part(1, "a")), Source(*part(2, "b")), left=1)
    events = await events_of(stream)
    check_events(events)
    assert events[-2].finish == Finish(reason=FinishReason.STOP, raw="pause_turn")
    assert len(provider.requests) == 1
    assert [it.outcome for it in request.context.warnings] == ["emulated"]
    assert stream.outcome == "completed"


@pytest.mark.parametrize("texts", [[], [""]])
async def test_a_part_that_says_nothing_is_the_end(texts):
    stream, _, provider = opened(Source(*part(1, *texts)))
    events = await events_of(stream)
    check_events(events)
    assert provider.requests == []
    assert stream.outcome == "completed"


@pytest.mark.parametrize(
    "fault",
    [
        UpstreamUnavailableError("gone", provider="up"),
        Source(*part(2, "b")[:3], UpstreamUnavailableError("gone", provider="up")),
    ],
)
async def test_what_breaks_later_breaks_the_stream(fault):
    stream, _, _ = opened(Source(*part(1, "a")), fault)
    with pytest.raises(UpstreamUnavailableError):
        await events_of(stream)
    assert stream.outcome == "failed"
    assert isinstance(stream.failure, UpstreamUnavailableError)


async def test_an_error_that_a_later_part_reports_is_the_streams():
    error = {"type": "overloaded_error", "message": "busy"}
    broken = Source(*part(2, "b")[:3], frame(type="error", error=error))
    stream, _, _ = opened(Source(*part(1, "a")), broken)
    with pytest.raises(UpstreamAnsweredError, match="busy"):
        await events_of(stream)
    assert stream.outcome == "failed"


@pytest.mark.parametrize("until", [0, 1, 3, -1])
async def test_a_later_part_that_ends_early_is_no_whole_answer(until):
    stream, _, _ = opened(Source(*part(1, "a")), Source(*part(2, "b")[:until]))
    with pytest.raises(UpstreamProtocolError, match="before its terminal event"):
        await events_of(stream)


async def test_each_source_is_closed_when_it_is_done_with():
    one, two = Source(*part(1, "a")), Source(*part(2, "b", stop="end_turn"))
    stream, _, _ = opened(one, two)
    async with stream:
        async for event in stream:
            if isinstance(event, BlockStart) and event.index == 1:
                assert (one.closed, two.closed) == (1, 0)
                break
    assert (one.closed, two.closed) == (1, 1)
    assert stream.outcome == "abandoned"


async def test_a_stream_that_is_left_before_a_later_part_asks_for_none():
    one = Source(*part(1, "a"))
    stream, _, provider = opened(one)
    async with stream:
        pass
    assert one.closed == 1
    assert provider.requests == []
    assert TextBlock(text="a") not in stream._kept
