import asyncio

import pytest

from lunaroute_core import UpstreamTimeoutError
from lunaroute_core.first_content import FirstContent, carries_content
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Citation,
    CitationAdd,
    Finish,
    FinishReason,
    ImageBlock,
    OpaqueEvent,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    StreamEnd,
    StreamFinish,
    StreamPing,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    UrlSource,
    Usage,
    UsageUpdate,
)


@pytest.mark.parametrize(
    "event",
    [
        TextDelta(index=0, text="a"),
        ReasoningDelta(index=0, text="a"),
        RefusalDelta(index=0, text="a"),
        ArgumentsDelta(index=0, fragment="{"),
        OpaqueSet(index=0, opaque="x"),
        CitationAdd(index=0, citation=Citation(dialect="d", raw={})),
        BlockStart(index=0, block=TextBlock(text="a")),
        BlockStart(index=0, block=ReasoningBlock(variant="redacted", opaque="x")),
        BlockStart(index=0, block=ReasoningBlock(parts=["a"])),
        BlockStart(index=0, block=RefusalBlock(text="a")),
        BlockStart(index=0, block=ToolCallBlock(id="call_1", name="f")),
        BlockStart(index=0, block=ImageBlock(source=UrlSource(url="https://a.example"))),
        BlockEnd(index=0, block=TextBlock(text="a")),
    ],
    ids=repr,
)
def test_what_brings_the_client_something_is_content(event):
    assert carries_content(event)


@pytest.mark.parametrize(
    "event",
    [
        StreamStart(id="a", model="m"),
        StreamPing(),
        UsageUpdate(usage=Usage()),
        BlockStart(index=0, block=TextBlock(text="")),
        BlockStart(index=0, block=ReasoningBlock()),
        BlockStart(index=0, block=RefusalBlock(text="")),
        TextDelta(index=0, text=""),
        BlockEnd(index=0),
        OpaqueEvent(dialect="d", event="e", raw={}),
        StreamFinish(finish=Finish(reason=FinishReason.STOP)),
        StreamEnd(),
    ],
    ids=repr,
)
def test_what_only_announces_or_ends_it_is_none(event):
    assert not carries_content(event)


async def answered():
    return "a"


async def test_it_is_waited_for_as_long_as_it_takes():
    assert await FirstContent().wait(answered(), provider="p") == "a"


async def test_what_comes_in_time_is_given():
    by = asyncio.get_running_loop().time() + 60
    assert await FirstContent(by=by).wait(answered(), provider="p") == "a"


async def test_what_does_not_is_a_timeout_of_the_upstream():
    first = FirstContent(by=asyncio.get_running_loop().time(), seconds=2.5)
    with pytest.raises(UpstreamTimeoutError, match=r"first_content deadline of 2\.5 s") as error:
        await first.wait(asyncio.Event().wait(), provider="p")
    assert (error.value.phase, error.value.provider) == ("first_content", "p")


async def test_a_timeout_of_another_origin_stays_what_it_is():
    async def read():
        raise TimeoutError("of the source")

    first = FirstContent(by=asyncio.get_running_loop().time() + 60)
    with pytest.raises(TimeoutError, match="of the source"):
        await first.wait(read(), provider="p")


def test_whoever_asked_to_be_told_is_told_when_it_comes():
    told = []
    first = FirstContent(on_came=(lambda: told.append("a"), lambda: told.append("b")))
    assert told == []
    first.came()
    assert told == ["a", "b"]
