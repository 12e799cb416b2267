"""Claude's thinking, and efforts of any scale, as a reasoning effort of OpenAI's."""

from lunaroute_core.capabilities import EFFORTS, Effort
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.model import Reasoning

_BUDGETS: tuple[tuple[int, Effort], ...] = (
    (1024, "minimal"),
    (2048, "low"),
    (8192, "medium"),
    (16384, "high"),
    (32768, "xhigh"),
)
"""Tokens to think with that each effort stands for."""


def adapted_effort(asked: Reasoning | None, adaptation: Adaptation) -> Effort | None:
    """The effort to ask for; None leaves it to the model."""
    wanted = None if asked is None else _wanted(asked, adaptation)
    return None if wanted is None else _level(wanted, adaptation)


def _wanted(asked: Reasoning, adaptation: Adaptation) -> Effort | None:
    """The effort, by whichever words it was asked for."""
    if asked.mode == "disabled":
        return "none"
    for known in EFFORTS:
        if asked.effort == known:
            return known
    if asked.effort is not None:
        adaptation.translation.dropped(adaptation.named("effort"), f"no effort {asked.effort!r}")
    if asked.budget_tokens is None or not adaptation.capabilities.efforts:
        return None if asked.mode in (None, "adaptive") else _unsaid(adaptation)
    tokens = asked.budget_tokens
    effort = min(_BUDGETS, key=lambda it: abs(it[0] - tokens))[1]
    adaptation.translation.emulated(adaptation.named("budget"), f"effort {effort!r}")
    return effort


def _unsaid(adaptation: Adaptation) -> None:
    adaptation.translation.dropped(adaptation.named("mode"), "the model thinks as it sees fit")


def _level(wanted: Effort, adaptation: Adaptation) -> Effort | None:
    """The highest effort that the model takes and that is no higher, else its lowest."""
    accepted = adaptation.capabilities.efforts
    if not accepted:
        # A model that takes no effort is taken for one that does not think.
        if wanted != "none":
            adaptation.translation.dropped(adaptation.named("effort"), "the model takes no effort")
        return None
    rank = EFFORTS.index(wanted)
    no_higher: list[Effort] = [it for it in accepted if EFFORTS.index(it) <= rank]
    level = no_higher[-1] if no_higher else accepted[0]
    if level != wanted:
        adaptation.translation.emulated(adaptation.named("effort"), f"effort {level!r} instead")
    return level
