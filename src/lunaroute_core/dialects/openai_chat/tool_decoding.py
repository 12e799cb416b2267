"""Tools and the choice among them, with the older `functions` and `function_call`."""

from msgspec import UNSET

from lunaroute_core.dialects.openai_chat.extensions import DIALECT, extensions, left_over
from lunaroute_core.dialects.openai_chat.fields import Fields, wrong_or_missing, wrong_type
from lunaroute_core.dialects.request_json import check_tool_schema, missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import CustomTool, FunctionTool, HostedTool, Tool, ToolChoice

_FUNCTION = frozenset({"name", "description", "parameters", "strict"})


def decode_tools(body: JSONObject) -> list[Tool]:
    """`tools`, then `functions`, then `web_search_options` as the hosted tool it is."""
    tools: list[Tool] = []
    for at, value in enumerate(_array(body, "tools")):
        tools.append(_tool(value, path=f"tools[{at}]"))
    for at, value in enumerate(_array(body, "functions")):
        tool, left = _function(value, path=f"functions[{at}]")
        tool.extensions = extensions(left, {"legacy": True})
        tools.append(tool)
    search = body.get("web_search_options")
    if search is not None:
        if not isinstance(search, dict):
            raise wrong_type("web_search_options", "an object")
        tools.append(HostedTool(dialect=DIALECT, type="web_search_options", config=search))
    return tools


def _array(body: JSONObject, key: str) -> list[JSONValue]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_type(key, "an array")
    return value


def _tool(value: JSONValue, *, path: str) -> Tool:
    if not isinstance(value, dict):
        raise wrong_type(path, "an object")
    kind = value.get("type")
    match kind:
        case "function":
            tool, inner = _function(value.get(kind), path=f"{path}.{kind}")
        case "custom":
            tool, inner = _custom(value.get(kind), path=f"{path}.{kind}")
        case str():
            return HostedTool(dialect=DIALECT, type=kind, config=value)
        case _:
            raise wrong_or_missing(kind, "a string", param=f"{path}.type")
    if inner or len(value) > 2:  # there is more than type and tool
        left = left_over(value, {"type", kind})
        tool.extensions = extensions({**left, kind: inner} if inner else left)
    return tool


def _function(value: JSONValue, *, path: str) -> tuple[FunctionTool, JSONObject]:
    """A function, and what is left of its object."""
    if not isinstance(value, dict):
        raise wrong_or_missing(value, "an object", param=path)
    name, description = value.get("name"), value.get("description")
    schema, strict = value.get("parameters"), value.get("strict", UNSET)
    if not isinstance(name, str):
        raise wrong_or_missing(name, "a string", param=f"{path}.name")
    if description is not None and not isinstance(description, str):
        raise wrong_type(f"{path}.description", "a string")
    if strict is not UNSET and strict is not None and not isinstance(strict, bool):
        raise wrong_type(f"{path}.strict", "a boolean")
    if schema is not None:
        schema = check_tool_schema(schema, param=f"{path}.parameters")
    tool = FunctionTool(name=name, description=description, schema=schema, strict=strict)
    left = left_over(value, _FUNCTION)
    if strict is None:
        del left["strict"]  # here a null says something, and has been read
    return tool, left


def _custom(value: JSONValue, *, path: str) -> tuple[CustomTool, JSONObject]:
    """A custom tool, and what is left of its object."""
    if value is None:
        raise missing_field(path)
    custom = Fields.of(value, path=path)
    tool = CustomTool(name=custom.needed_text("name"), description=custom.text("description"))
    tool.format = _flat_format(custom.object("format"))
    return tool, custom.left


def _flat_format(form: JSONObject | None) -> JSONObject | None:
    """Chat nests a grammar under `grammar`; the model keeps Responses' flat form."""
    match form:
        case {"type": "grammar", "grammar": dict(grammar), **rest} if grammar and not rest:
            return form if grammar.keys() & {"type", "grammar"} else {"type": "grammar", **grammar}
        case _:
            return form


def decode_tool_choice(value: JSONValue) -> ToolChoice:
    """`tool_choice`."""
    path = "tool_choice"
    match value:
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


def decode_function_choice(value: JSONValue) -> ToolChoice:
    """`function_call`, the older way to choose."""
    path = "function_call"
    match value:
        case "auto" | "none" as mode:
            return ToolChoice(mode=mode)
        case {"name": str(name), **more} as raw:
            return ToolChoice(mode="named", names=[name], raw=raw if more else None)
        case _:
            raise InvalidRequestError(f"{path}: is not a known function choice", param=path)
