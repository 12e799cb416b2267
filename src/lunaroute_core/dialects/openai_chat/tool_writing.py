"""Tools and the choice among them: `tool_decoding` the other way round."""

from typing import cast

from msgspec import UNSET

from lunaroute_core.dialects.openai_chat.extensions import form_of, restored
from lunaroute_core.dialects.openai_chat.part_writing import given
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import CustomTool, FunctionTool, HostedTool, Tool, ToolChoice

SEARCH_OPTIONS = "web_search_options"


def write_tools(tools: list[Tool], form: JSONObject) -> JSONObject:
    """`tools`, `functions` and `web_search_options`; empty lists where there were such."""
    fields: JSONObject = {}
    for key in ("tools", "functions"):
        if form.get(key) == "empty":
            fields[key] = []
    for tool in tools:
        if isinstance(tool, HostedTool) and tool.type == SEARCH_OPTIONS:
            fields[SEARCH_OPTIONS] = tool.config
            continue
        key = "functions" if _is_legacy(tool) else "tools"
        fields[key] = [*cast("list[JSONValue]", fields.get(key, [])), _write_tool(tool)]
    return fields


def _is_legacy(tool: Tool) -> bool:
    return isinstance(tool, FunctionTool) and bool(form_of(tool.extensions).get("legacy"))


def _write_tool(tool: Tool) -> JSONObject:
    match tool:
        case FunctionTool() if _is_legacy(tool):
            return restored(_write_function(tool), tool.extensions)
        case FunctionTool():
            written: JSONObject = {"type": "function", "function": _write_function(tool)}
            return restored(written, tool.extensions)
        case CustomTool():
            custom = given(
                name=tool.name, description=tool.description, format=_nested_format(tool.format)
            )
            return restored({"type": "custom", "custom": custom}, tool.extensions)
        case HostedTool():
            return tool.config


def _write_function(tool: FunctionTool) -> JSONObject:
    function = given(name=tool.name, description=tool.description, parameters=tool.schema)
    if tool.strict is not UNSET:
        function["strict"] = tool.strict
    return function


def _nested_format(form: JSONObject | None) -> JSONObject | None:
    """The model has a grammar's fields beside its `type`, Chat under `grammar`."""
    if form is None or form.get("type") != "grammar" or "grammar" in form:
        return form
    return {"type": "grammar", "grammar": {k: v for k, v in form.items() if k != "type"}}


def write_tool_choice(choice: ToolChoice | None, form: JSONObject) -> JSONObject:
    if choice is None:
        return {}
    if form.get("tool_choice") == "function_call":
        named: JSONObject = {"name": choice.names[0]} if choice.names else {}
        return {"function_call": choice.raw or named or choice.mode}
    return {"tool_choice": _write_choice(choice)}


def _write_choice(choice: ToolChoice) -> JSONValue:
    if choice.raw is not None:
        return choice.raw
    tools: list[JSONValue] = [
        {"type": "function", "function": {"name": name}} for name in choice.names
    ]
    match choice.mode:
        case "named":
            return tools[0]
        case "allowed":
            mode = "required" if choice.required else "auto"
            return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}
        case _:
            return choice.mode
