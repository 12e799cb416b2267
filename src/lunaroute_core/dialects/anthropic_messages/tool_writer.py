"""Writes tools and the choice among them: `tools` the other way round."""

from lunaroute_core.dialects.anthropic_messages.content_writer import restored, write_cache_mark
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import CustomTool, FunctionTool, HostedTool, Tool, ToolChoice

_CHOICES = {"auto": "auto", "required": "any", "named": "tool", "none": "none"}


def write_tool(tool: Tool) -> JSONObject:
    """A tool as it stands in a request.

    Raises:
        TypeError: a tool that takes free text, which Anthropic has none of.
    """
    match tool:
        case HostedTool():
            return tool.config
        case FunctionTool():
            written: JSONObject = {"name": tool.name}
            if tool.description is not None:
                written["description"] = tool.description
            written["input_schema"] = tool.schema or {}
            if isinstance(tool.strict, bool):
                written["strict"] = tool.strict
            if tool.cache is not None:
                written["cache_control"] = write_cache_mark(tool.cache)
            return restored(written, tool.extensions) if tool.extensions else written
        case CustomTool():
            raise TypeError("Anthropic requests hold no free-form tools")


def write_tool_choice(choice: ToolChoice | None, *, parallel: bool | None) -> JSONObject | None:
    """`tool_choice`, which also says whether calls may be parallel; None where nothing is said."""
    if choice is None and parallel is None:
        return None
    if choice is not None and choice.mode == "hosted" and choice.raw is not None:
        return choice.raw
    mode = choice.mode if choice is not None else "auto"
    written: JSONObject = {"type": _CHOICES[mode]}
    if choice is not None and mode == "named":
        written["name"] = choice.names[0]
    if parallel is not None:
        serial: JSONValue = not parallel
        written["disable_parallel_tool_use"] = serial
    return written
