"""Sealing an answer's reasoning for its client."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from lunaroute_core.answer_accumulator import BlockAccumulator
from lunaroute_core.model import (
    Block,
    BlockEnd,
    BlockStart,
    NormalizedResponse,
    OpaqueSet,
    Origin,
    ReasoningBlock,
    ReasoningDelta,
    StreamEvent,
)
from lunaroute_egress.conversation.reasoning_seal import ReasoningSeal


class SealedAnswer(Struct, kw_only=True):
    """An `AnswerStage`: reasoning keeps its text, and gets a seal for its opaque part.

    In a stream the seal comes last, since it holds the whole block.
    """

    seal: ReasoningSeal
    origin: Origin
    _open: dict[int, BlockAccumulator] = {}

    def response(self, response: NormalizedResponse) -> NormalizedResponse:
        if not response.alternatives and ReasoningBlock not in map(type, response.blocks):
            return response
        sealed = msgspec.structs.replace(response, blocks=self._blocks(response.blocks))
        sealed.alternatives = [
            msgspec.structs.replace(other, blocks=self._blocks(other.blocks))
            for other in response.alternatives
        ]
        return sealed

    def events(self, event: StreamEvent) -> Iterable[StreamEvent]:
        match event:
            case BlockStart(block=ReasoningBlock() as block):
                self._open[event.index] = BlockAccumulator(block)
                begun = ReasoningBlock(variant=block.variant, parts=block.parts)
                yield BlockStart(index=event.index, block=begun)
            case ReasoningDelta() if event.index in self._open:
                self._open[event.index].add(event)
                yield event
            case OpaqueSet() if event.index in self._open:
                self._open[event.index].add(event)
            case BlockEnd() if event.index in self._open:
                yield from self._end(event)
            case _:
                yield event

    def _blocks(self, blocks: list[Block]) -> list[Block]:
        return [self._sealed(it) if isinstance(it, ReasoningBlock) else it for it in blocks]

    def _sealed(self, block: ReasoningBlock) -> ReasoningBlock:
        return self.seal.sealed(block, self.origin)

    def _end(self, event: BlockEnd) -> Iterable[StreamEvent]:
        whole = self._open.pop(event.index).block(event.block)
        if not isinstance(whole, ReasoningBlock):
            yield event
            return
        sealed = self._sealed(whole)
        if sealed.opaque is not None:
            yield OpaqueSet(index=event.index, opaque=sealed.opaque)
        yield BlockEnd(index=event.index, block=None if event.block is None else sealed)
