"""Writes an answer, at once or as stream events, at a given pace."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

import msgspec
from attrs import frozen

from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    NormalizedResponse,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    StreamEnd,
    StreamEvent,
    StreamFinish,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)
from lunaroute_egress.mock.answers import Answer
from lunaroute_egress.mock.written_block import WrittenBlock, pieces_of, unfinished

Sleep = Callable[[float], Awaitable[object]]


@frozen(kw_only=True)
class Pace:
    """How an answer is timed: `latency` in seconds, and a rate, None for no waiting."""

    latency: float
    tokens_per_second: float | None
    sleep: Sleep

    async def first_token(self) -> None:
        if self.latency:
            await self.sleep(self.latency)

    async def tokens(self, count: int) -> None:
        """Wait as long as it takes to write `count` tokens."""
        if self.tokens_per_second and count:
            await self.sleep(count / self.tokens_per_second)


@frozen(kw_only=True)
class AnswerWriter:
    """Writes one answer.

    Attributes:
        complete: whether the upstream that is played stays to the end.
        created: Unix time in seconds.
    """

    id: str
    model: str
    created: int
    answer: Answer
    usage: Usage
    pace: Pace
    complete: bool

    async def response(self) -> NormalizedResponse:
        """The finished answer, after the time its stream would take."""
        await self.pace.tokens(self.usage.output_tokens or 0)
        return NormalizedResponse(
            id=self.id,
            model=self.model,
            blocks=[*self.answer.blocks],
            finish=self.answer.finish,
            usage=self.usage,
            created=self.created,
        )

    async def events(self) -> AsyncGenerator[StreamEvent, None]:
        """The stream; without its end if the answer is not complete."""
        no_output = msgspec.structs.replace(self.usage, output_tokens=0, reasoning_tokens=None)
        yield StreamStart(id=self.id, model=self.model, created=self.created, usage=no_output)
        for index, block in enumerate(self.answer.blocks):
            for event in _block_events(index, block):
                if isinstance(event, TextDelta | ReasoningDelta | ArgumentsDelta):
                    await self.pace.tokens(1)
                yield event
        if self.complete:
            yield UsageUpdate(usage=self.usage)
            yield StreamFinish(finish=self.answer.finish)
            yield StreamEnd()


def _block_events(index: int, block: WrittenBlock) -> Iterator[StreamEvent]:
    yield BlockStart(index=index, block=unfinished(block))
    for piece in pieces_of(block):
        yield _delta(index, block, piece)
    if isinstance(block, ReasoningBlock) and block.opaque is not None:
        yield OpaqueSet(index=index, opaque=block.opaque)
    yield BlockEnd(index=index, block=block)


def _delta(index: int, block: WrittenBlock, piece: str) -> StreamEvent:
    match block:
        case TextBlock():
            return TextDelta(index=index, text=piece)
        case ReasoningBlock():
            return ReasoningDelta(index=index, text=piece)
        case ToolCallBlock():
            return ArgumentsDelta(index=index, fragment=piece)
