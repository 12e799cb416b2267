"""Puts the events of overlapping blocks in order, one block after the other."""

from typing import TypeAlias

from attrs import define, field

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
    | RefusalDelta
    | OpaqueSet
    | CitationAdd
    | BlockEnd
)


@define
class BlockOrder:
    """Lets the block pass that opened first, and holds what belongs to the others."""

    _current: int | None = None
    _waiting: dict[int, list[BlockEvent]] = field(factory=dict[int, list[BlockEvent]])

    def take(self, event: BlockEvent) -> list[BlockEvent]:
        """What may be written now that `event` has come."""
        if self._current is None:
            self._current = event.index
        if event.index != self._current:
            self._waiting.setdefault(event.index, []).append(event)
            return []
        if not isinstance(event, BlockEnd):
            return [event]
        return [event, *self._released()]

    def rest(self) -> list[BlockEvent]:
        """What is still held at the end of the answer; blocks left open are ended."""
        events: list[BlockEvent] = []
        while self._current is not None:
            events += self.take(BlockEnd(index=self._current))
        return events

    def _released(self) -> list[BlockEvent]:
        """The held events up to the first block that is still open, which goes on."""
        events: list[BlockEvent] = []
        self._current = None
        while self._waiting and self._current is None:
            index = next(iter(self._waiting))
            held = self._waiting.pop(index)
            events += held
            if not isinstance(held[-1], BlockEnd):
                self._current = index
        return events
