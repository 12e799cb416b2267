"""Streams keep the event grammar, add up to the finished answer, and keep their pace."""

from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Finish,
    FinishReason,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    StreamEnd,
    StreamFinish,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)
from lunaroute_egress.mock.answer_writer import AnswerWriter, Pace
from lunaroute_egress.mock.answers import Answer

BLOCKS = [
    ReasoningBlock(parts=["hmmmmm"], opaque="sig"),
    TextBlock(text="Hello"),
    ToolCallBlock(id="c", name="t", raw_arguments='{"a":1}', arguments={"a": 1}),
]
FINISH = Finish(reason=FinishReason.TOOL_CALLS)
USAGE = Usage(input_tokens=5, output_tokens=6, reasoning_tokens=2, estimated=True)


def writer(clock, *, rate=None, complete=True):
    return AnswerWriter(
        id="mock_1",
        model="m",
        created=7,
        answer=Answer(BLOCKS, FINISH),
        usage=USAGE,
        pace=Pace(latency=0, tokens_per_second=rate, sleep=clock.sleep),
        complete=complete,
    )


async def test_the_stream_as_a_script(clock):
    before = Usage(input_tokens=5, output_tokens=0, estimated=True)
    assert [event async for event in writer(clock).events()] == [
        StreamStart(id="mock_1", model="m", created=7, usage=before),
        BlockStart(index=0, block=ReasoningBlock()),
        ReasoningDelta(index=0, text="hmmm"),
        ReasoningDelta(index=0, text="mm"),
        OpaqueSet(index=0, opaque="sig"),
        BlockEnd(index=0, block=BLOCKS[0]),
        BlockStart(index=1, block=TextBlock(text="")),
        TextDelta(index=1, text="Hell"),
        TextDelta(index=1, text="o"),
        BlockEnd(index=1, block=BLOCKS[1]),
        BlockStart(index=2, block=ToolCallBlock(id="c", name="t")),
        ArgumentsDelta(index=2, fragment='{"a"'),
        ArgumentsDelta(index=2, fragment=":1}"),
        BlockEnd(index=2, block=BLOCKS[2]),
        UsageUpdate(usage=USAGE),
        StreamFinish(finish=FINISH),
        StreamEnd(),
    ]


async def test_a_cut_stream_says_everything_but_its_end(clock):
    events = [event async for event in writer(clock, complete=False).events()]
    assert events[-1] == BlockEnd(index=2, block=BLOCKS[2])


async def test_the_finished_answer_holds_the_same_blocks(clock):
    response = await writer(clock).response()
    assert (response.blocks, response.finish, response.usage) == (BLOCKS, FINISH, USAGE)


async def test_streamed_or_not_writing_takes_the_same_time(clock):
    async for _ in writer(clock, rate=4).events():
        pass
    assert clock.now == 1.5
    await writer(clock, rate=4).response()
    assert clock.now == 3.0


async def test_without_a_rate_nothing_waits(clock):
    await writer(clock).response()
    assert clock.now == 0
