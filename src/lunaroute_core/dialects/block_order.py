"""Blocks one after the other, for wire formats in which they cannot overlap."""

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

BlockDelta: TypeAlias = (
    TextDelta | ArgumentsDelta | ReasoningDelta | OpaqueSet | RefusalDelta | CitationAdd
)
BlockEvent: TypeAlias = BlockStart | BlockDelta | BlockEnd


@define
class BlockOrder:
    """The events of blocks in a serial order: each block whole, in the order they opened.

    The first open block passes at once; the events of the others wait for their turn.
    """

    _waiting: dict[int, list[BlockEvent]] = field(factory=dict[int, list[BlockEvent]], init=False)

    def push(self, event: BlockEvent) -> list[BlockEvent]:
        """The events that may be written now; those of a block that is not open are none."""
        index = event.index
        # By `type`: a Struct's class takes three times as long to say that it has no instance.
        if type(event) is BlockStart:
            self._waiting.setdefault(index, [])
        elif index not in self._waiting:
            return []
        if index != next(iter(self._waiting)):
            self._waiting[index].append(event)
            return []
        if type(event) is BlockEnd:
            del self._waiting[index]
            return [event, *self._released()]
        return [event]

    def rest(self) -> list[BlockEvent]:
        """What still waits at the end of the answer; blocks left open are ended."""
        events: list[BlockEvent] = []
        while self._waiting:
            events += self.push(BlockEnd(index=next(iter(self._waiting))))
        return events

    def _released(self) -> list[BlockEvent]:
        """What waited for the block that was first until now."""
        events: list[BlockEvent] = []
        while self._waiting:
            index, waiting = next(iter(self._waiting.items()))
            events += waiting
            if not isinstance(waiting[-1], BlockEnd):
                waiting.clear()
                break
            del self._waiting[index]
        return events
