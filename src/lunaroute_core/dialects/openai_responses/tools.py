"""Tools and tool choice, read from requests and echoed in answers.

Client-side functions and custom tools are modelled. Everything the vendor runs keeps its whole
object.
"""

from typing import Literal, cast

from msgspec import UNSET, Struct, UnsetType

from lunaroute_core.dialects.openai_responses.fields import (
    extensions_of,
    own_fields,
    read_object,
    remainder,
    restored,
)
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.request_json import check_tool_schema, missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    CustomTool,
    FunctionTool,
    HostedTool,
    NormalizedRequest,
    Tool,
    ToolChoice,
)

_MODES: dict[str, Literal["auto", "none", "required"]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
}


class _Function(Struct):
    name: str
    description: str | None = None
    parameters: JSONValue = None
    strict: bool | UnsetType | None = UNSET


class _Custom(Struct):
    name: str
    description: str | None = None
    format: JSONObject | None = None


class _Named(Struct):
    name: str


class _Allowed(Struct):
    mode: Literal["auto", "required"]
    tools: list[JSONObject]


def read_tool(raw: JSONObject, *, param: str) -> Tool:
    kind = raw.get("type")
    if not isinstance(kind, str):
        raise missing_field(f"{param}.type")
    if kind == "function":
        return _read_function(raw, param)
    if kind == "custom":
        custom = read_object(raw, _Custom, param=param)
        return CustomTool(
            name=custom.name,
            description=custom.description,
            format=custom.format,
            extensions=extensions_of(remainder(raw, {"type", "name", "description", "format"})),
        )
    name = raw.get("name")
    name = name if isinstance(name, str) else None
    return HostedTool(dialect=DIALECT, type=kind, config=raw, name=name)


def _read_function(raw: JSONObject, param: str) -> FunctionTool:
    function = read_object(raw, _Function, param=param)
    schema = function.parameters
    if schema is not None:
        schema = check_tool_schema(schema, param=f"{param}.parameters")
    modelled = {"type", "name", "description", "parameters", "strict"}
    return FunctionTool(
        name=function.name,
        description=function.description,
        schema=schema,
        strict=function.strict,
        extensions=extensions_of(remainder(raw, modelled)),
    )


def read_tool_choice(raw: str | JSONObject) -> ToolChoice:
    if isinstance(raw, str):
        if raw not in _MODES:
            raise InvalidRequestError(
                f"tool_choice: must be auto, none, required or an object, got {raw[:64]!r}",
                param="tool_choice",
            )
        return ToolChoice(mode=_MODES[raw])
    match raw.get("type"):
        case "function" | "custom":
            named = read_object(raw, _Named, param="tool_choice")
            return ToolChoice(mode="named", names=[named.name], raw=raw)
        case "allowed_tools":
            allowed = read_object(raw, _Allowed, param="tool_choice")
            return ToolChoice(
                mode="allowed",
                names=[name for tool in allowed.tools if isinstance(name := tool.get("name"), str)],
                required=allowed.mode == "required",
                raw=raw,
            )
        case str():
            return ToolChoice(mode="hosted", raw=raw)
        case _:
            raise missing_field("tool_choice.type")


def write_request_tool(tool: Tool) -> JSONObject:
    """A tool as a request offers it."""
    match tool:
        case FunctionTool():
            written: JSONObject = {"type": "function", "name": tool.name}
            if tool.strict is not UNSET:
                written["strict"] = tool.strict
            if tool.schema is not None:
                written["parameters"] = tool.schema
        case CustomTool():
            written = {"type": "custom", "name": tool.name}
            if tool.format is not None:
                written["format"] = tool.format
        case HostedTool():
            return tool.config
    if tool.description is not None:
        written["description"] = tool.description
    return restored(written, tool.extensions)


def write_answer_tool(tool: Tool) -> JSONObject:
    """A tool as an answer echoes it."""
    match tool:
        case FunctionTool():
            written: JSONObject = {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.schema,
                "strict": None if tool.strict is UNSET else tool.strict,
            }
            return written | own_fields(tool.extensions)
        case CustomTool():
            written = {"type": "custom", "name": tool.name, "description": tool.description}
            if tool.format is not None:
                written["format"] = tool.format
            return written | own_fields(tool.extensions)
        case HostedTool():
            return tool.config


def write_tool_choice(request: NormalizedRequest) -> JSONValue:
    """The choice as an answer echoes it."""
    choice = request.tool_choice
    if choice is None:
        return "auto"
    if choice.raw is not None and request.source.dialect == DIALECT:
        return choice.raw
    return "auto" if choice.mode == "hosted" else _write_choice(choice)


def write_request_choice(choice: ToolChoice) -> JSONValue:
    """The choice as a request makes it."""
    return _write_choice(choice) if choice.raw is None else choice.raw


def _write_choice(choice: ToolChoice) -> JSONValue:
    match choice.mode:
        case "named":
            return {"type": "function", "name": choice.names[0]}
        case "allowed":
            mode = "required" if choice.required else "auto"
            tools: list[JSONValue] = [{"type": "function", "name": name} for name in choice.names]
            return {"type": "allowed_tools", "mode": mode, "tools": tools}
        case mode:
            return cast(str, mode)
