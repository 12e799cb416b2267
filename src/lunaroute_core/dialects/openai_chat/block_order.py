"""Blocks one after the other, for a wire format in which they cannot overlap."""

from collections.abc import Iterator
from typing import TypeAlias

from attrs import Factory, define

from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationAdd,
    OpaqueSet,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
)

BlockEvent: TypeAlias = (
    BlockStart
    | TextDelta
    | ArgumentsDelta
    | ReasoningDelta
    | OpaqueSet
    | RefusalDelta
    | CitationAdd
    | BlockEnd
)


@define
class BlockOrder:
    """Reorders the events of overlapping blocks.

    The block that opened first speaks; events of those that opened after it wait until it
    has closed. Nothing is held back while blocks do not overlap.
    """

    _current: int | None = None
    _waiting: dict[int, list[BlockEvent]] = Factory(dict[int, list[BlockEvent]])
    """The events of each later block, in the order in which the blocks opened."""

    def put(self, event: BlockEvent) -> Iterator[BlockEvent]:
        """Take the next event; give those whose turn it is."""
        if self._current is None:
            self._current = event.index
        if event.index != self._current:
            self._waiting.setdefault(event.index, []).append(event)
            return
        yield event
        if isinstance(event, BlockEnd):
            self._current = None
            yield from self._next_blocks()

    def rest(self) -> Iterator[BlockEvent]:
        """End every block that is still open, at the end of the answer."""
        while self._current is not None:
            yield from self.put(BlockEnd(index=self._current))

    def _next_blocks(self) -> Iterator[BlockEvent]:
        """Let waiting blocks speak, up to and including the first that is still open."""
        while self._current is None and self._waiting:
            index, events = next(iter(self._waiting.items()))
            del self._waiting[index]
            yield from events
            if not isinstance(events[-1], BlockEnd):
                self._current = index
