"""`ModelStream.hold`, the deadline of the first content, and how streams end."""

import asyncio
from contextlib import aclosing

import pytest

from lunaroute_core import (
    ErrorKind,
    ModelStream,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    WireStream,
)
from lunaroute_core.answer_stages import StopMatcher
from lunaroute_core.model import (
    BlockStart,
    Finish,
    FinishReason,
    StreamEnd,
    StreamError,
    StreamFinish,
    StreamPing,
    StreamStart,
    TextBlock,
    TextDelta,
)
from lunaroute_core.testing import (
    FakeProvider,
    Pause,
    chat_request,
    stream_events,
    text_response,
)

pytestmark = pytest.mark.usefixtures("toy_dialect")

START = b'data: {"id":"a","model":"m"}\n\n'
PING = b": ping\n\n"
TEXT = b'data: {"say":"hi"}\n\n'
END = b'data: {"end":"done","tokens":{"in":3,"out":5}}\n\n'
PROBLEM = b'data: {"problem":{"kind":"overloaded","message":"busy"}}\n\n'
BROKEN = UpstreamUnavailableError("connection reset", provider="p")


class Source:
    """Chunks in order; an exception among them is raised, at `None` it waits for `go_on`."""

    def __init__(self, *chunks):
        self.chunks = list(chunks)
        self.go_on = asyncio.Event()
        self.waiting = asyncio.Event()
        self.waits = 0
        self.cancelled = 0
        self.closed = 0
        self.ended = []

    async def read(self):
        await asyncio.sleep(0)
        if self.chunks and self.chunks[0] is None:
            await self._wait()
        chunk = self.chunks.pop(0) if self.chunks else b""
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    async def _wait(self):
        self.waits += 1
        self.waiting.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.chunks.pop(0)

    async def aclose(self):
        self.closed += 1


STAGES = {"relayed": None, "read": [], "staged": [StopMatcher(["never said"])]}


@pytest.fixture(params=STAGES)
def opened(request):
    """Makes a stream of bytes that are relayed as they are, or are read as events."""

    def run(*chunks):
        source = Source(*chunks)
        wire = WireStream(dialect="acme_prompt", source=source)
        stream = ModelStream(provider="p", model="m", wire=wire, stages=STAGES[request.param])
        stream.on_end.append(lambda it: source.ended.append((it.outcome, it.failure)))
        return stream, source

    return run


def now():
    return asyncio.get_running_loop().time()


def asked():
    return chat_request(dialect="acme_prompt", stream=True)


async def frames(stream):
    """All that is given out, but for comments, which only relayed bytes have."""
    blocks = [block async for block in stream.blocks(asked())]
    return b"".join(blocks).replace(PING, b"")


# Holding


async def test_it_waits_for_content_and_gives_all_of_it_out(opened):
    stream, source = opened(START, PING, TEXT, TEXT, END)
    async with stream:
        assert not stream.has_content
        assert await stream.hold(until=None)
        assert stream.has_content
        assert source.chunks == [TEXT, END]
        assert await frames(stream) == START + TEXT + TEXT + END
    assert (source.closed, source.ended) == (1, [("completed", None)])


async def test_it_does_not_read_on_where_there_is_content(opened):
    stream, source = opened(START + TEXT, TEXT, END)
    async with stream:
        assert await stream.hold(until=None)
        assert source.chunks == [TEXT, END]
        assert await frames(stream) == START + TEXT + TEXT + END


async def test_it_enters_a_stream_that_was_not(opened):
    stream, _ = opened(START, TEXT, END)
    assert await stream.hold(until=None)
    assert await frames(stream) == START + TEXT + END
    await stream.aclose()


async def test_a_read_under_way_when_time_is_up_is_not_lost(opened):
    stream, source = opened(START, None, TEXT, END)
    async with stream:
        assert not await stream.hold(until=now())
        await source.waiting.wait()
        assert not await stream.hold(until=now())
        source.go_on.set()
        assert await frames(stream) == START + TEXT + END
    assert (source.waits, source.cancelled) == (1, 0)
    assert source.ended == [("completed", None)]


async def test_holding_goes_on_with_it(opened):
    stream, source = opened(START, None, PING, TEXT, END)
    async with stream:
        assert not await stream.hold(until=now())
        source.go_on.set()
        assert await stream.hold(until=None)
        assert stream.has_content
        assert await frames(stream) == START + TEXT + END
    assert source.cancelled == 0


async def test_frames_that_come_in_pieces_are_waited_for_no_longer(opened):
    stream, source = opened(START + TEXT[:9], None, TEXT[9:], END)
    async with stream:
        assert not await stream.hold(until=now())
        await source.waiting.wait()
        source.go_on.set()
        assert await stream.hold(until=now() + 60)
        assert await frames(stream) == START + TEXT + END


async def test_an_empty_answer_that_finishes_is_one(opened):
    stream, source = opened(START, PING, END)
    async with stream:
        assert await stream.hold(until=None)
        assert not stream.has_content
        assert await frames(stream) == START + END
    assert source.ended == [("completed", None)]


async def test_a_last_frame_without_its_blank_line_finishes_it(opened):
    stream, source = opened(START, END.rstrip(b"\n"))
    async with stream:
        assert await stream.hold(until=None)
        assert (await frames(stream)).rstrip() == (START + END).rstrip()
    assert source.ended == [("completed", None)]


async def test_an_error_event_before_content_can_be_asked_elsewhere(opened):
    for chunks in ((START, PROBLEM), (START + PROBLEM,), (START, PING, PROBLEM[:7], PROBLEM[7:])):
        stream, source = opened(*chunks)
        with pytest.raises(UpstreamAnsweredError) as error:
            await stream.hold(until=None)
        assert error.value.details.kind is ErrorKind.OVERLOADED
        assert error.value.details.message == "busy"
        assert (source.closed, source.ended) == (1, [("failed", error.value)])


async def test_an_error_event_after_content_is_the_stream_s_end(opened):
    stream, source = opened(START, TEXT + PROBLEM)
    async with stream:
        assert await stream.hold(until=None)
        async with aclosing(stream.blocks(asked())) as blocks:
            given = await anext(blocks)
            given += await anext(blocks, b"") if TEXT not in given else b""
            assert given.startswith(START + TEXT)
            try:
                async for _ in blocks:
                    pass
            except UpstreamAnsweredError:
                assert PROBLEM not in given
    [(outcome, failure)] = source.ended
    assert (outcome, failure.details.message) == ("failed", "busy")


@pytest.mark.parametrize(
    ("chunks", "error"),
    [
        ((START, BROKEN), UpstreamUnavailableError),
        ((START, PING), UpstreamProtocolError),
        ((START, b"data: {broken\n\n"), UpstreamProtocolError),
        ((START, b'data: {"say'), UpstreamProtocolError),
    ],
)
async def test_a_failure_before_content_closes_the_stream(opened, chunks, error):
    stream, source = opened(*chunks)
    with pytest.raises(error) as raised:
        await stream.hold(until=now() + 60)
    assert (source.closed, source.ended) == (1, [("failed", raised.value)])


async def test_a_failure_of_a_read_that_took_too_long_comes_out_where_it_is_taken(opened):
    stream, source = opened(START, None, BROKEN)
    async with stream:
        assert not await stream.hold(until=now())
        source.go_on.set()
        with pytest.raises(UpstreamUnavailableError):
            await frames(stream)
    assert source.ended == [("failed", BROKEN)]


async def test_closing_ends_a_read_under_way(opened):
    before = asyncio.all_tasks()
    stream, source = opened(START, None, TEXT)
    async with stream:
        assert not await stream.hold(until=now())
        await source.waiting.wait()
    assert (source.cancelled, source.closed) == (1, 1)
    assert source.ended == [("abandoned", None)]
    assert asyncio.all_tasks() == before


async def test_whoever_is_cancelled_while_holding_has_abandoned_it(opened):
    stream, source = opened(START, None, TEXT)
    async with asyncio.TaskGroup() as tasks:
        holding = tasks.create_task(stream.hold(until=now() + 60))
        await source.waiting.wait()
        holding.cancel()
    assert (source.cancelled, source.closed) == (1, 1)
    assert source.ended == [("abandoned", None)]


async def test_bytes_that_nobody_understands_are_not_held():
    source = Source(b"a", b"b")
    stream = ModelStream(provider="p", model="m", wire=WireStream(dialect=None, source=source))
    async with stream:
        assert await stream.hold(until=None)
        assert await frames(stream) == b"ab"
    assert stream.outcome == "completed"


# Events


SAID = [
    StreamStart(id="a", model="m"),
    StreamPing(),
    BlockStart(index=0, block=TextBlock(text="")),
    TextDelta(index=0, text="hi"),
    *stream_events(text_response())[-4:],
]


async def test_events_are_held_until_there_is_content():
    release = asyncio.Event()
    provider = FakeProvider([*SAID[:3], Pause(release), *SAID[3:]])
    async with await provider.stream(asked()) as stream:
        assert not await stream.hold(until=now())
        release.set()
        assert await stream.hold(until=None)
        assert stream.has_content
        assert [event async for event in stream] == SAID
    assert (stream.outcome, provider.open_streams) == ("completed", 0)


async def test_events_that_are_waited_for_are_let_go_of_at_the_end():
    before = asyncio.all_tasks()
    provider = FakeProvider([*SAID[:3], Pause(asyncio.Event())])
    async with await provider.stream(asked()) as stream:
        assert not await stream.hold(until=now())
    assert (stream.outcome, provider.open_streams) == ("abandoned", 0)
    assert asyncio.all_tasks() == before


async def test_an_answer_of_events_may_be_empty():
    empty = [SAID[0], StreamFinish(finish=Finish(reason=FinishReason.STOP)), StreamEnd()]
    async with await FakeProvider(empty).stream(asked()) as stream:
        assert await stream.hold(until=None)
        assert [event async for event in stream] == empty
    assert (stream.outcome, stream.has_content) == ("completed", False)


@pytest.mark.parametrize(
    ("last", "error"),
    [
        ([StreamError(kind="overloaded", message="busy")], UpstreamAnsweredError),
        ([BROKEN], UpstreamUnavailableError),
        ([], UpstreamProtocolError),
    ],
)
async def test_events_that_fail_before_content_are_closed(last, error):
    provider = FakeProvider([*SAID[:3], *last])
    stream = await provider.stream(asked())
    with pytest.raises(error) as raised:
        await stream.hold(until=None)
    assert (stream.outcome, stream.failure) == ("failed", raised.value)
    assert provider.open_streams == 0


# The deadline of the first content


@pytest.mark.parametrize("chunks", [(None, START), (START, None, TEXT)])
async def test_content_that_does_not_come_in_time_is_a_timeout(opened, chunks):
    stream, source = opened(*chunks)
    stream.first_content.by, stream.first_content.seconds = now(), 7
    with pytest.raises(UpstreamTimeoutError, match="first_content deadline of 7 s") as error:
        await stream.hold(until=now() + 60)
    assert (source.closed, source.ended) == (1, [("failed", error.value)])


async def test_also_for_a_stream_that_is_given_out_already(opened):
    stream, source = opened(START, None, TEXT)
    async with stream:
        stream.first_content.by = now()
        with pytest.raises(UpstreamTimeoutError) as error:
            await frames(stream)
    assert source.ended == [("failed", error.value)]


async def test_what_comes_after_the_first_content_has_no_such_deadline(opened):
    stream, source = opened(START, TEXT, None, END)
    stream.first_content.by = now() + 60
    async with stream:
        assert await stream.hold(until=None)
        stream.first_content.by = now()
        source.go_on.set()
        assert await frames(stream) == START + TEXT + END


async def test_nor_has_the_end_of_an_empty_answer(opened):
    stream, source = opened(START, END, None)
    stream.first_content.by = now() + 60
    async with stream:
        assert await stream.hold(until=None)
        stream.first_content.by = now()
        source.go_on.set()
        assert await frames(stream) == START + END


async def test_events_have_that_deadline_too():
    provider = FakeProvider([*SAID[:3], Pause(asyncio.Event())])
    stream = await provider.stream(asked())
    stream.first_content.by = now()
    with pytest.raises(UpstreamTimeoutError):
        await stream.hold(until=None)
    assert provider.open_streams == 0


# The end


async def test_it_is_told_once_and_with_the_time_of_the_first_content(opened):
    stream, source = opened(START, TEXT, END)
    async with stream:
        assert (stream.outcome, stream.first_content.at) == (None, None)
        await frames(stream)
        assert stream.outcome is None
        came = stream.first_content.at
        assert came is not None
    await stream.aclose()
    assert source.ended == [("completed", None)]
    assert stream.first_content.at == came


async def test_a_stream_left_before_its_end_is_abandoned(opened):
    stream, source = opened(START, TEXT, END)
    async with stream, aclosing(stream.blocks(asked())) as blocks:
        await anext(blocks)
    assert source.ended == [("abandoned", None)]


async def test_one_that_was_never_entered_too(opened):
    stream, source = opened(START, TEXT, END)
    await stream.aclose()
    assert (source.closed, source.ended) == (1, [("abandoned", None)])


@pytest.mark.parametrize(
    ("chunks", "error"),
    [
        ((START, TEXT, BROKEN), UpstreamUnavailableError),
        ((START, TEXT), UpstreamProtocolError),
        ((START, TEXT, b"data: {broken\n\n"), UpstreamProtocolError),
    ],
)
async def test_one_that_breaks_after_content_failed(opened, chunks, error):
    stream, source = opened(*chunks)
    async with stream:
        with pytest.raises(error) as raised:
            await frames(stream)
    assert source.ended == [("failed", raised.value)]


async def test_what_breaks_after_its_end_does_not_count(opened):
    stream, source = opened(START, TEXT, END, BROKEN)
    async with stream:
        await frames(stream)
    assert source.ended == [("completed", None)]


async def test_one_that_fails_on_entering_failed(opened):
    stream, source = opened(BROKEN)
    with pytest.raises(UpstreamUnavailableError):
        await stream.prime()
    assert (source.closed, source.ended) == (1, [("failed", BROKEN)])


async def test_a_failure_on_the_client_s_side_is_none_of_the_stream(opened):
    stream, source = opened(START, TEXT, END)
    with pytest.raises(KeyError):
        async with stream:
            raise KeyError
    assert source.ended == [("abandoned", None)]


async def test_bytes_that_nobody_understands_can_fail_too():
    source = Source(b"a", BROKEN)
    stream = ModelStream(provider="p", model="m", wire=WireStream(dialect=None, source=source))
    async with stream:
        with pytest.raises(UpstreamUnavailableError):
            await frames(stream)
    assert (stream.outcome, stream.failure) == ("failed", BROKEN)


async def test_events_that_were_left_are_abandoned():
    async with (
        await FakeProvider().stream(asked()) as stream,
        aclosing(stream.blocks(asked())) as blocks,
    ):
        await anext(blocks)
    assert (stream.outcome, stream.failure) == ("abandoned", None)


async def test_it_is_told_also_when_the_source_cannot_be_released():
    class Stuck(Source):
        async def aclose(self):
            raise OSError

    stream = ModelStream(
        provider="p", model="m", wire=WireStream(dialect="acme_prompt", source=Stuck())
    )
    told = []
    stream.on_end.append(told.append)
    with pytest.raises(OSError):
        await stream.aclose()
    assert told == [stream]
