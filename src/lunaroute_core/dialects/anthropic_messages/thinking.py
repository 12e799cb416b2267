"""Reasoning effort as Claude's thinking, which each model takes in its own way."""

from lunaroute_core.capabilities import EFFORTS, Effort
from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.model import Message, Reasoning, ReasoningBlock, ToolCallBlock, ToolChoice

_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768}
_LEAST_BUDGET = 1024
"""Tokens; a budget must also be less than `max_tokens`."""


def adapted_reasoning(
    asked: Reasoning,
    adaptation: Adaptation,
    *,
    max_tokens: int,
    choice: ToolChoice | None,
    turns: list[Message],
) -> Reasoning | None:
    """What to say of thinking, None for nothing.

    Raises:
        InvalidRequestError: a call is forced on a model that cannot think then.
    """
    modes = adaptation.capabilities.thinking
    effort = _effort(asked, adaptation)
    display = None if asked.display in (None, "none") else "summarized"
    if effort is None:
        return _shown(display, adaptation)
    if effort == "none":
        return _off(adaptation)
    if "adaptive" in modes:
        level = _level(effort, adaptation)
        return Reasoning(mode="adaptive", effort=level, display=display)
    if "enabled" in modes:
        _check_choice(choice, adaptation)
        budget = _budget(effort, adaptation, max_tokens=max_tokens, turns=turns)
        if budget is None:
            return None
        return Reasoning(mode="enabled", budget_tokens=budget, display=display)
    level = _level(effort, adaptation)
    return None if level is None else Reasoning(effort=level)


def thinks(reasoning: Reasoning) -> bool:
    """Whether thinking is turned on, which fixes the sampling."""
    return reasoning.mode in ("enabled", "adaptive")


def lacks_thinking(reasoning: Reasoning, turns: list[Message]) -> bool:
    """Whether a model would refuse to think on the budget it is given, since the thinking
    before calls that are being answered is gone.
    """
    return reasoning.mode == "enabled" and _calls_without_thinking(turns)


def _effort(asked: Reasoning, adaptation: Adaptation) -> Effort | None:
    for known in EFFORTS:
        if asked.effort == known:
            return known
    if asked.effort is not None:
        adaptation.translation.dropped(adaptation.named("effort"), f"no effort {asked.effort!r}")
    return "none" if asked.mode == "disabled" else None


def _shown(display: str | None, adaptation: Adaptation) -> Reasoning | None:
    """Thinking that is to be seen, however long it may be."""
    if display is None:
        return None
    if "adaptive" in adaptation.capabilities.thinking:
        return Reasoning(mode="adaptive", display=display)
    adaptation.translation.dropped(adaptation.named("display"), "the model thinks only when told")
    return None


def _off(adaptation: Adaptation) -> Reasoning | None:
    """No thinking, or as little as there can be."""
    modes = adaptation.capabilities.thinking
    if "disabled" in modes:
        return Reasoning(mode="disabled")
    if "between_tools" in modes:
        return Reasoning(mode="between_tools")
    if "adaptive" not in modes:
        return None
    least = next(iter(adaptation.capabilities.efforts), None)
    message = f"the model cannot but think; effort {least!r}"
    adaptation.translation.emulated(adaptation.named("effort"), message)
    return Reasoning(mode="adaptive", effort=least)


def _level(effort: Effort, adaptation: Adaptation) -> Effort | None:
    """The highest effort that the model takes and that is no higher, else its lowest."""
    accepted = adaptation.capabilities.efforts
    if not accepted:
        adaptation.translation.dropped(adaptation.named("effort"), "the model takes no effort")
        return None
    wanted: Effort = "low" if effort == "minimal" else effort
    rank = EFFORTS.index(wanted)
    no_higher: list[Effort] = [it for it in accepted if EFFORTS.index(it) <= rank]
    level: Effort = no_higher[-1] if no_higher else accepted[0]
    if level == wanted:
        return level
    adaptation.translation.emulated(adaptation.named("effort"), f"effort {level!r} instead")
    return level


def _check_choice(choice: ToolChoice | None, adaptation: Adaptation) -> None:
    if choice is not None and choice.mode in ("required", "named"):
        message = "this model cannot be made to call a tool while it thinks"
        adaptation.translation.rejected("tool_choice", message)


def _budget(
    effort: Effort, adaptation: Adaptation, *, max_tokens: int, turns: list[Message]
) -> int | None:
    """Tokens to think with, always fewer than the answer may have in all."""
    if max_tokens <= _LEAST_BUDGET:
        message = f"thinking needs more than {_LEAST_BUDGET} output tokens"
        adaptation.translation.dropped(adaptation.named("effort"), message)
        return None
    if _calls_without_thinking(turns):
        message = "the calls being answered came without the thinking before them"
        adaptation.translation.dropped(adaptation.named("effort"), message)
        return None
    return min(_BUDGETS.get(effort, max_tokens), max_tokens - 1)


def _calls_without_thinking(turns: list[Message]) -> bool:
    """Whether a loop of calls goes on whose turn does not begin with thinking: models that are
    given a budget refuse that.
    """
    if not turns or turns[-1].role != "tool":
        return False
    assistants = [turn for turn in turns if turn.role == "assistant"]
    last = assistants[-1].blocks if assistants else []
    calls = any(isinstance(block, ToolCallBlock) for block in last)
    return calls and not isinstance(last[0], ReasoningBlock)
