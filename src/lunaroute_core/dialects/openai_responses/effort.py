"""Claude's thinking, and efforts of any scale, as the reasoning that Responses is asked for."""

from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.effort import adapted_effort
from lunaroute_core.model import Reasoning


def adapted_reasoning(asked: Reasoning | None, adaptation: Adaptation) -> Reasoning | None:
    """The effort to ask for, and a summary if thinking is to be shown; None for neither."""
    if asked is None:
        return None
    effort = adapted_effort(asked, adaptation)
    # A model that takes no effort does not think, and refuses to be asked for a summary.
    shown = _is_shown(asked) and effort != "none" and bool(adaptation.capabilities.efforts)
    if effort is None and not shown:
        return None
    return Reasoning(effort=effort, display="auto" if shown else None)


def _is_shown(asked: Reasoning) -> bool:
    """Whether the client wants to read the thinking: manual thinking is shown unless it says
    otherwise, adaptive thinking if it says so.
    """
    if asked.display is None:
        return asked.mode == "enabled"
    return asked.display == "summarized"
