"""Tools and the choice among them, with the older `functions` and `function_call`."""

from msgspec import UNSET, UnsetType

from lunaroute_core.dialects.openai_chat.extensions import DIALECT, extensions
from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.dialects.request_json import check_tool_schema
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import CustomTool, FunctionTool, HostedTool, Tool, ToolChoice


def decode_tools(fields: Fields) -> list[Tool]:
    """`tools`, then `functions`, then `web_search_options` as the hosted tool it is."""
    tools: list[Tool] = [
        _tool(value, path=f"{fields.at('tools')}[{at}]")
        for at, value in enumerate(fields.array("tools") or [])
    ]
    for at, value in enumerate(fields.array("functions") or []):
        function = Fields.of(value, path=f"{fields.at('functions')}[{at}]")
        tool = _function(function)
        tool.extensions = extensions(function.left, {"legacy": True})
        tools.append(tool)
    if (search := fields.object("web_search_options")) is not None:
        tools.append(HostedTool(dialect=DIALECT, type="web_search_options", config=search))
    return tools


def _tool(value: JSONValue, *, path: str) -> Tool:
    outer = Fields.of(value, path=path)
    kind = outer.needed_text("type")
    match kind:
        case "function":
            tool = _function(outer.needed_fields("function"))
        case "custom":
            tool = _custom(outer.needed_fields("custom"))
        case _:
            config = dict(value) if isinstance(value, dict) else {}
            return HostedTool(dialect=DIALECT, type=kind, config=config)
    tool.extensions = extensions(outer.left)
    return tool


def _function(function: Fields) -> FunctionTool:
    tool = FunctionTool(
        name=function.needed_text("name"),
        description=function.text("description"),
        strict=three_state(function, "strict"),
    )
    schema = function.take("parameters")
    if schema is not None:
        tool.schema = check_tool_schema(schema, param=function.at("parameters"))
    return tool


def three_state(fields: Fields, key: str) -> bool | UnsetType | None:
    """A boolean whose absence and explicit null mean different things."""
    if fields.take_null(key):
        return None
    value = fields.flag(key)
    return UNSET if value is None else value


def _custom(custom: Fields) -> CustomTool:
    tool = CustomTool(name=custom.needed_text("name"), description=custom.text("description"))
    tool.format = _flat_format(custom.object("format"))
    return tool


def _flat_format(form: JSONObject | None) -> JSONObject | None:
    """Chat nests a grammar under `grammar`; the model keeps Responses' flat form."""
    match form:
        case {"type": "grammar", "grammar": dict(grammar), **rest} if grammar and not rest:
            return form if grammar.keys() & {"type", "grammar"} else {"type": "grammar", **grammar}
        case _:
            return form


def decode_tool_choice(fields: Fields) -> ToolChoice | None:
    """`tool_choice`, or else the older `function_call`."""
    path = fields.at("tool_choice")
    match fields.take("tool_choice"):
        case None:
            return _legacy_choice(fields)
        case "auto" | "none" | "required" as mode:
            return ToolChoice(mode=mode)
        case {"type": "function", "function": {"name": str(name), **more}, **rest} as raw:
            return ToolChoice(mode="named", names=[name], raw=raw if more or rest else None)
        case {"type": "custom", "custom": {"name": str(name)}} as raw:
            return ToolChoice(mode="named", names=[name], raw=raw)
        case {"type": "allowed_tools", "allowed_tools": dict(allowed)} as raw:
            return _allowed(allowed, raw=raw, path=f"{path}.allowed_tools")
        case {"type": str(kind)} as raw if kind not in ("function", "custom", "allowed_tools"):
            return ToolChoice(mode="hosted", raw=raw)
        case _:
            raise InvalidRequestError(f"{path}: is not a known tool choice", param=path)


def _allowed(allowed: JSONObject, *, raw: JSONObject, path: str) -> ToolChoice:
    fields = Fields.of(allowed, path=path)
    mode = fields.needed_text("mode")
    if mode not in ("auto", "required"):
        raise InvalidRequestError(f"{path}.mode: must be auto or required", param=fields.at("mode"))
    names: list[str] = []
    for at, value in enumerate(fields.array("tools") or []):
        tool = Fields.of(value, path=f"{path}.tools[{at}]")
        kind = tool.needed_text("type")
        names.append(tool.needed_fields(kind).needed_text("name"))
    return ToolChoice(mode="allowed", names=names, required=mode == "required", raw=raw)


def _legacy_choice(fields: Fields) -> ToolChoice | None:
    path = fields.at("function_call")
    match fields.take("function_call"):
        case None:
            return None
        case "auto" | "none" as mode:
            return ToolChoice(mode=mode)
        case {"name": str(name), **more} as raw:
            return ToolChoice(mode="named", names=[name], raw=raw if more else None)
        case _:
            raise InvalidRequestError(f"{path}: is not a known function choice", param=path)
