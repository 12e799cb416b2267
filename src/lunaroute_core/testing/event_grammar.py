"""Checks that stream events follow the grammar of `lunaroute_core.model.events`."""

from collections.abc import Iterable

from attrs import define, field

from lunaroute_core.model import (
    ArgumentsDelta,
    Block,
    BlockEnd,
    BlockStart,
    CitationAdd,
    OpaqueEvent,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamPing,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    UsageUpdate,
)

_FILLED_BY: dict[type, type[Block]] = {
    TextDelta: TextBlock,
    CitationAdd: TextBlock,
    ArgumentsDelta: ToolCallBlock,
    ReasoningDelta: ReasoningBlock,
    OpaqueSet: ReasoningBlock,
    RefusalDelta: RefusalBlock,
}


class EventGrammarError(AssertionError):
    """A stream's events are in an order, or of a shape, that no reader expects."""


def check_events(events: Iterable[StreamEvent]) -> None:
    """Check one stream, from its start to its end.

    Raises:
        EventGrammarError: naming the first event that is out of place.
    """
    grammar = _Grammar()
    for number, event in enumerate(events):
        if reason := grammar.objection(event):
            raise EventGrammarError(f"event {number}, {type(event).__name__}: {reason}")
    if not grammar.ended:
        raise EventGrammarError("the stream has neither StreamEnd nor StreamError")


@define
class _Grammar:
    started: bool = False
    finished: bool = False
    ended: bool = False
    blocks: dict[int, Block] = field(factory=dict[int, Block])
    open: set[int] = field(factory=set[int])

    def objection(self, event: StreamEvent) -> str | None:
        """Why an event may not come next; None when it may, and it counts as come."""
        if self.ended:
            return "the stream has ended"
        if isinstance(event, StreamPing | OpaqueEvent):
            return None
        self.ended = isinstance(event, StreamEnd | StreamError)
        if isinstance(event, StreamError):
            return None
        return self._misplaced(event) or self._inside(event)

    def _misplaced(self, event: StreamEvent) -> str | None:
        if self.started and isinstance(event, StreamStart):
            return "the stream has started already"
        if not (self.started or isinstance(event, StreamStart)):
            return "the stream has not started"
        if self.finished != isinstance(event, StreamEnd):
            return f"comes {'after' if self.finished else 'before'} StreamFinish"
        self.started = True
        return None

    def _inside(self, event: StreamEvent) -> str | None:
        match event:
            case BlockStart(index=index, block=block):
                if index in self.blocks:
                    return f"block {index} has been there already"
                self.blocks[index] = block
                self.open.add(index)
            case BlockEnd(index=index):
                if index not in self.open:
                    return f"block {index} is not open"
                self.open.remove(index)
            case StreamFinish():
                self.finished = True
                return f"blocks {sorted(self.open)} are still open" if self.open else None
            case StreamStart() | UsageUpdate() | StreamEnd():
                pass
            case _:
                return self._delta(event)
        return None

    def _delta(self, event: StreamEvent) -> str | None:
        index = getattr(event, "index", -1)
        if index not in self.open:
            return f"block {index} is not open"
        if not isinstance(self.blocks[index], _FILLED_BY[type(event)]):
            return f"block {index} is a {type(self.blocks[index]).__name__}"
        return None
