"""Which result answers which call, in a conversation of any dialect."""

from bisect import bisect_right
from collections import defaultdict

from attrs import define, field

from lunaroute_core.model import Message, ToolCallBlock, ToolResultBlock


@define
class _Uses:
    """Where one call id is used: the turns that call, and the turns with results."""

    calls: list[int] = field(factory=list[int])
    results: list[tuple[int, ToolResultBlock]] = field(factory=list[tuple[int, ToolResultBlock]])


@define
class Answers:
    """The calls and results of a conversation, by call id.

    Some servers number calls anew in each turn, so an id may be used again: a result answers
    the last call before it.
    """

    _uses: dict[str, _Uses] = field(factory=lambda: defaultdict[str, _Uses](_Uses))
    _asked_for: set[int] = field(factory=set[int], init=False)
    """The identities of the results that some call asked for."""

    @classmethod
    def among(cls, turns: list[Message]) -> "Answers":
        answers = cls()
        for at, turn in enumerate(turns):
            for block in turn.blocks:
                if isinstance(block, ToolCallBlock):
                    answers._uses[block.id].calls.append(at)
                elif isinstance(block, ToolResultBlock):
                    answers._uses[block.call_id].results.append((at, block))
        return answers

    def to(self, call: ToolCallBlock, *, at: int) -> list[ToolResultBlock]:
        """The results for a call of the turn `at`, in order."""
        uses = self._uses[call.id]
        following = bisect_right(uses.calls, at)
        until = uses.calls[following] if following < len(uses.calls) else None
        first = bisect_right(uses.results, at, key=lambda it: it[0])
        last = len(uses.results)
        if until is not None:
            last = bisect_right(uses.results, until, key=lambda it: it[0])
        found = [result for _, result in uses.results[first:last]]
        self._asked_for |= {id(result) for result in found}
        return found

    def asked_for(self, result: ToolResultBlock) -> bool:
        """Whether some call has been found for a result."""
        return id(result) in self._asked_for
