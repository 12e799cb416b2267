import asyncio
from contextlib import aclosing
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core import (
    ErrorKind,
    ModelStream,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamUnavailableError,
    WireStream,
)
from lunaroute_core.answer_stages import StopMatcher
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model import (
    FinishReason,
    StreamEnd,
    StreamError,
    StreamStart,
    TextDelta,
    Usage,
    UsageUpdate,
)
from lunaroute_core.testing import FakeProvider, chat_request, stream_events, text_response

pytestmark = pytest.mark.usefixtures("toy_dialect")

START = b'data: {"id":"a","model":"m"}\n\n'
TEXT = b'data: {"say":"hi"}\n\n'
END = b'data: {"end":"done","tokens":{"in":3,"out":5}}\n\n'
PROBLEM = b'data: {"problem":{"kind":"overloaded","message":"busy"}}\n\n'
FRAMES = b": hello\n\n" + START + TEXT + b": ping\n\n" + TEXT + END
BROKEN = UpstreamUnavailableError("connection reset", provider="p")


class Bytes:
    """Chunks in order; an exception among them is raised."""

    def __init__(self, *chunks):
        self.chunks = list(chunks)
        self.closed = 0

    async def read(self):
        await asyncio.sleep(0)
        chunk = self.chunks.pop(0) if self.chunks else b""
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    async def aclose(self):
        self.closed += 1


def wire_stream(*chunks, dialect="acme_prompt"):
    source = Bytes(*chunks)
    return ModelStream(
        provider="p", model="m", wire=WireStream(dialect=dialect, source=source)
    ), source


def request(dialect="acme_prompt"):
    return chat_request(dialect=dialect, stream=True)


async def relayed(stream, asked=None):
    """The blocks, and the error they end with if they do."""
    blocks = []
    async with stream:
        try:
            async for block in stream.blocks(asked or request()):
                blocks.append(block)  # noqa: PERF401 - what came before an error counts too
        except (UpstreamProtocolError, UpstreamUnavailableError) as error:
            return blocks, error
    return blocks, None


# Bytes of the client's own dialect


@given(st.lists(st.integers(0, len(FRAMES)), max_size=10).map(sorted))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_stream_is_relayed_byte_for_byte_wherever_it_was_cut(places):
    edges = [0, *places, len(FRAMES)]
    chunks = [FRAMES[start:end] for start, end in pairwise(edges)]

    async def run():
        stream, source = wire_stream(*[chunk for chunk in chunks if chunk])
        return await relayed(stream), stream.summary, source.closed

    (blocks, error), summary, closed = asyncio.run(run())
    assert error is None
    assert b"".join(blocks) == FRAMES
    assert all(block.endswith(b"\n\n") for block in blocks)
    assert (summary.id, summary.finish_reason) == ("a", FinishReason.STOP)
    assert summary.usage == Usage(input_tokens=3, output_tokens=5)
    assert closed == 1


async def test_entering_waits_for_the_first_event_and_no_longer():
    stream, source = wire_stream(b": hello\n\n", START[:5], START[5:], TEXT, END)
    async with stream:
        assert source.chunks == [TEXT, END]
        assert stream.summary.id == "a"
        async with aclosing(stream.blocks(request())) as blocks:
            assert await anext(blocks) == b": hello\n\n" + START


async def test_priming_twice_reads_once():
    stream, source = wire_stream(START, END)
    await stream.prime()
    await stream.prime()
    assert source.chunks == [END]


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([], "the stream ended without an event"),
        ([b": only a comment\n\n"], "the stream ended without an event"),
        ([b"data: {broken\n\n"], "malformed stream event"),
    ],
)
async def test_a_failure_before_the_first_event_is_raised_on_entering(chunks, reason):
    stream, source = wire_stream(*chunks)
    with pytest.raises(UpstreamProtocolError, match=reason):
        await stream.__aenter__()
    assert source.closed == 1


async def test_a_broken_connection_before_the_first_event_is_raised_as_it_is():
    stream, source = wire_stream(b": hello\n\n", BROKEN)
    with pytest.raises(UpstreamUnavailableError) as error:
        await stream.__aenter__()
    assert error.value is BROKEN
    assert source.closed == 1


async def test_an_error_event_instead_of_an_answer_is_an_error_answer():
    stream, source = wire_stream(PROBLEM)
    with pytest.raises(UpstreamAnsweredError) as error:
        await stream.__aenter__()
    assert error.value.details.kind is ErrorKind.OVERLOADED
    assert error.value.details.message == "busy"
    assert source.closed == 1


async def test_an_error_event_after_content_is_relayed_as_the_end():
    blocks, error = await relayed(wire_stream(START, TEXT, PROBLEM)[0])
    assert b"".join(blocks) == START + TEXT + PROBLEM
    assert error is None


async def test_a_stream_that_ends_early_is_no_whole_answer():
    blocks, error = await relayed(wire_stream(START, TEXT)[0])
    assert b"".join(blocks) == START + TEXT
    assert "ended before its terminal event" in str(error)


async def test_half_a_frame_at_the_end_is_held_back():
    """The error frame that follows must not land inside it."""
    blocks, error = await relayed(wire_stream(START, TEXT + END[:12])[0])
    assert b"".join(blocks) == START + TEXT
    assert "ended before its terminal event" in str(error)


async def test_a_last_frame_without_its_blank_line_is_still_the_end():
    blocks, error = await relayed(wire_stream(START, TEXT + END.rstrip(b"\n"))[0])
    assert b"".join(blocks) == START + TEXT + END.rstrip(b"\n")
    assert error is None


async def test_a_connection_that_breaks_before_the_end_is_told():
    blocks, error = await relayed(wire_stream(START, TEXT, BROKEN)[0])
    assert b"".join(blocks) == START + TEXT
    assert error is BROKEN


async def test_a_connection_that_breaks_after_the_end_is_not():
    blocks, error = await relayed(wire_stream(START, END, BROKEN)[0])
    assert b"".join(blocks) == START + END
    assert error is None


async def test_a_malformed_event_in_the_middle_is_a_protocol_error():
    blocks, error = await relayed(wire_stream(START, b"data: {broken\n\n", END)[0])
    assert b"".join(blocks) == START
    assert "malformed stream event" in str(error)


async def test_leaving_early_releases_the_connection():
    stream, source = wire_stream(START, TEXT, END)
    async with stream, aclosing(stream.blocks(request())) as blocks:
        await anext(blocks)
    assert source.closed == 1
    assert source.chunks == [TEXT, END]


async def test_an_exception_inside_releases_the_connection():
    stream, source = wire_stream(START, TEXT, END)
    with pytest.raises(KeyError):
        async with stream:
            raise KeyError
    assert source.closed == 1


async def test_bytes_that_nobody_understands_come_as_they_are():
    stream, source = wire_stream(b"half a", b" frame", b"\n\nand more", dialect=None)
    blocks, error = await relayed(stream)
    assert blocks == [b"half a", b" frame", b"\n\nand more"]
    assert error is None
    assert source.closed == 1


async def test_bytes_of_another_dialect_are_not_passed_off_as_the_client_s():
    """They are read, and written anew."""
    stream, source = wire_stream(START, TEXT, END)
    async with stream:
        blocks = [block async for block in stream.blocks(request("openai_chat"))]
    read = dialect_named("openai_chat").streams.decoder().decode(b"".join(blocks))
    assert [event.text for event in read if isinstance(event, TextDelta)] == ["hi"]
    assert isinstance(read[-1], StreamEnd)
    assert source.closed == 1


async def test_what_is_not_of_its_dialect_ends_the_answer_of_another_s_client():
    stream, source = wire_stream(START, b'data: {"say":5}\n\n', END)
    blocks, error = await relayed(stream, request("openai_chat"))
    assert "malformed stream event" in str(error)
    assert blocks
    assert b'finish_reason":"stop' not in b"".join(blocks)
    assert source.closed == 1


# Normalized events


async def test_events_are_written_in_the_client_s_dialect():
    answer = text_response("hello")
    async with await FakeProvider(answer).stream(request()) as stream:
        blocks = [block async for block in stream.blocks(request())]
    assert b"".join(blocks) == (
        b'data: {"id":"answer-1","model":"test-model"}\n\n'
        b'data: {"say":"he"}\n\ndata: {"say":"llo"}\n\n' + END
    )


async def test_reading_events_keeps_the_summary():
    async with await FakeProvider(text_response()).stream(request()) as stream:
        _ = [event async for event in stream]
    assert stream.summary.id == "answer-1"
    assert stream.summary.finish_reason is FinishReason.STOP
    assert stream.summary.usage == Usage(input_tokens=3, output_tokens=5)


async def test_a_count_that_an_update_leaves_out_keeps_its_value():
    start, *rest = stream_events(text_response())
    start.usage = Usage(input_tokens=7, output_tokens=1)
    rest = [event for event in rest if not isinstance(event, UsageUpdate)]
    update = UsageUpdate(usage=Usage(output_tokens=9))
    async with await FakeProvider([start, update, *rest]).stream(request()) as stream:
        _ = [event async for event in stream]
    assert stream.summary.usage == Usage(input_tokens=7, output_tokens=9)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([], UpstreamProtocolError),
        ([StreamError(kind="overloaded", message="busy")], UpstreamAnsweredError),
        ([BROKEN], UpstreamUnavailableError),
    ],
)
async def test_events_that_fail_before_the_first_raise_on_entering(script, error):
    provider = FakeProvider(script)
    stream = await provider.stream(request())
    with pytest.raises(error):
        await stream.__aenter__()
    assert provider.open_streams == 0


async def test_an_error_among_events_keeps_what_the_upstream_said():
    script = [
        StreamStart(id="a", model="m"),
        StreamError(kind="rate_limit", message="slow down", type="t", code="c", retry_after=3),
    ]
    async with await FakeProvider(script).stream(request()) as stream:
        with pytest.raises(UpstreamAnsweredError) as error:
            _ = [event async for event in stream]
    details = error.value.details
    assert (details.kind, details.message) == (ErrorKind.RATE_LIMIT, "slow down")
    assert (details.type, details.code, details.retry_after) == ("t", "c", 3)


async def test_an_error_of_a_kind_that_is_not_known_is_an_answered_error_too():
    script = [StreamStart(id="a", model="m"), StreamError(kind="haunted", message="boo")]
    async with await FakeProvider(script).stream(request()) as stream:
        with pytest.raises(UpstreamAnsweredError, match="boo") as error:
            _ = [event async for event in stream]
    assert error.value.details.kind is ErrorKind.SERVER


async def test_the_position_is_the_encoders_where_events_are_encoded():
    asked = chat_request(dialect="openai_responses")
    async with await FakeProvider(text_response("hello")).stream(asked) as stream:
        assert stream.position == 0
        blocks = stream.blocks(asked)
        positions = []
        async with aclosing(blocks):
            async for block in blocks:
                last = block.split(b'"sequence_number":')[-1]
                positions.append((int(last[: last.index(b",")]), stream.position))
    assert positions[0] == (1, 2)
    assert all(position == number + 1 for number, position in positions)


async def test_the_position_is_0_where_the_clients_dialect_numbers_no_events():
    async with await FakeProvider().stream(request()) as stream:
        _ = [block async for block in stream.blocks(request())]
        assert stream.position == 0


async def test_events_that_end_early_are_no_whole_answer():
    events = stream_events(text_response())[:3]
    async with await FakeProvider(events).stream(request()) as stream:
        with pytest.raises(UpstreamProtocolError, match="before its terminal event"):
            _ = [event async for event in stream]


@pytest.mark.parametrize(
    "chunks", [(START + TEXT + TEXT + END,), (START, TEXT, TEXT, END)], ids=["at once", "apart"]
)
async def test_nothing_follows_the_end_that_a_stage_made(chunks):
    """Also where the upstream had sent more in the same bytes."""
    stream, source = wire_stream(*chunks)
    stream.stages = [StopMatcher(["i"])]
    async with stream:
        events = [event async for event in stream]
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["h"]
    assert [event for event in events if isinstance(event, StreamEnd)] == events[-1:]
    assert stream.summary.finish_reason is FinishReason.STOP_SEQUENCE
    assert source.closed == 1


async def test_leaving_events_early_releases_them():
    provider = FakeProvider()
    async with (
        await provider.stream(request()) as stream,
        aclosing(stream.blocks(request())) as blocks,
    ):
        await anext(blocks)
    assert provider.open_streams == 0


async def test_leaving_blocks_early_leaves_no_task_for_the_garbage_collector():
    before = asyncio.all_tasks()
    async with await FakeProvider().stream(request()) as stream:
        async with aclosing(stream.blocks(request())) as blocks:
            await anext(blocks)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before


async def test_a_stream_of_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="needs wire bytes or events"):
        await ModelStream(provider="p", model="m").__aenter__()


async def test_a_stream_may_be_closed_twice_and_unread():
    provider = FakeProvider()
    stream = await provider.stream(request())
    await stream.aclose()
    await stream.aclose()
    assert provider.open_streams == 0


async def test_the_connection_is_given_back_although_the_events_do_not_end_well():
    async def events():
        try:
            yield StreamStart(id="a", model="m")
            await asyncio.Event().wait()
        finally:
            raise KeyError("bad manners")

    source = Bytes()
    wire = WireStream(dialect="acme_prompt", source=source)
    stream = ModelStream(provider="p", model="m", wire=wire, events=events())
    with pytest.raises(KeyError):
        async with stream:
            pass
    assert source.closed == 1
    assert stream.outcome == "abandoned"
