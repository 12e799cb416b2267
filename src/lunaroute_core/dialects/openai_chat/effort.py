"""Claude's thinking, and efforts of any scale, as a Chat model's reasoning effort."""

from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.effort import adapted_effort
from lunaroute_core.model import HostedTool, Reasoning, Tool


def adapted_reasoning(
    asked: Reasoning | None, tools: list[Tool], adaptation: Adaptation
) -> Reasoning | None:
    """The effort to ask for; None leaves it to the model."""
    level = adapted_effort(asked, adaptation)
    if _must_not_reason(tools, adaptation):
        if level not in (None, "none"):
            message = "in Chat this model takes functions only without reasoning"
            adaptation.translation.dropped(adaptation.named("effort"), message)
        return Reasoning(effort="none")
    return None if level is None else Reasoning(effort=level)


def _must_not_reason(tools: list[Tool], adaptation: Adaptation) -> bool:
    """Whether reasoning has to be turned off, even where it is on by default, and can be."""
    known = adaptation.capabilities
    if known.tools_while_reasoning or "none" not in known.efforts:
        return False
    return any(not isinstance(tool, HostedTool) for tool in tools)
