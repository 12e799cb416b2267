"""Which result answers which call, in a conversation of another dialect."""

from typing import Literal

from attrs import define, field

from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.model import Message, ToolCallBlock, ToolResultBlock


@define
class _Called:
    call: ToolCallBlock
    result: ToolResultBlock | None = None


@define
class CallResults:
    """The results of a conversation.

    Some servers number calls anew in each turn, so an id may be used again: a result answers
    the last call before it.
    """

    _adaptation: Adaptation
    _called: dict[str, _Called] = field(factory=dict[str, _Called], init=False)
    _kinds: dict[int, Literal["function", "custom"]] = field(
        factory=dict[int, Literal["function", "custom"]], init=False
    )
    """By the identity of a result."""
    _superseded: set[int] = field(factory=set[int], init=False)

    @classmethod
    def among(cls, turns: list[Message], adaptation: Adaptation) -> "CallResults":
        """Raises InvalidRequestError for a call without its result or a result without its call."""
        results = cls(adaptation)
        for turn in turns:
            for block in turn.blocks:
                if isinstance(block, ToolCallBlock):
                    results._add_call(block)
                elif isinstance(block, ToolResultBlock):
                    results._add_result(block)
        for called in results._called.values():
            results._check_answered(called)
        return results

    def kind_of(self, result: ToolResultBlock) -> Literal["function", "custom"]:
        """The kind of the tool that was called."""
        return self._kinds[id(result)]

    def is_superseded(self, result: ToolResultBlock) -> bool:
        """Whether another result for the same call comes later."""
        return id(result) in self._superseded

    def _add_call(self, call: ToolCallBlock) -> None:
        if call.id in self._called:
            self._check_answered(self._called[call.id])
        self._called[call.id] = _Called(call)

    def _add_result(self, result: ToolResultBlock) -> None:
        called = self._called.get(result.call_id)
        if called is None:
            self._adaptation.reject_content(f"result for {result.call_id!r}, which nothing called")
        if called.result is not None:
            message = f"all but the last result for call {result.call_id!r}"
            self._adaptation.translation.dropped(self._adaptation.named("turns"), message)
            self._superseded.add(id(called.result))
        called.result = result
        self._kinds[id(result)] = called.call.tool_kind

    def _check_answered(self, called: _Called) -> None:
        if called.result is None:
            self._adaptation.reject_content(f"call {called.call.id!r} has no result")
