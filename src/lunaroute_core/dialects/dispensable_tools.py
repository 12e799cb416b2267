"""Which of the tools that a vendor runs itself a request can do without."""

from lunaroute_core.model import HostedTool, NormalizedRequest

_KINDS = ("web_search", "tool_search")


def is_dispensable(tool: HostedTool, request: NormalizedRequest) -> bool:
    """Whether it is one of several ways to find something out, and need not be called.

    Codex offers `web_search` and `tool_search` with every request beside its own tools, which
    is no reason to serve it with no other vendor's models.
    """
    if not tool.type.startswith(_KINDS) or _is_chosen(tool, request):
        return False
    return any(not isinstance(other, HostedTool) for other in request.tools)


def _is_chosen(tool: HostedTool, request: NormalizedRequest) -> bool:
    choice = request.tool_choice
    if choice is None:
        return False
    return choice.mode in ("hosted", "allowed") or tool.name in choice.names
