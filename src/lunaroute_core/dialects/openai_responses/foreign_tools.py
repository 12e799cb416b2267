"""Makes other dialects' tools, and the choice among them, those of Responses."""

from lunaroute_core.dialects.openai_responses.foreign_extensions import note_lost
from lunaroute_core.dialects.openai_responses.mcp_servers import TOOLSET, MCPServers
from lunaroute_core.dialects.openai_responses.web_search import is_web_search, web_search
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.strict_schema import is_strict, object_schema
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    CustomTool,
    FunctionTool,
    HostedTool,
    NormalizedRequest,
    Tool,
    ToolChoice,
)


def adapted_tools(request: NormalizedRequest, adaptation: Adaptation) -> list[Tool]:
    """The tools in order, and after them those of other servers.

    Raises:
        InvalidRequestError: Responses cannot offer one of them.
    """
    servers = MCPServers.of(request.extensions, adaptation)
    tools = [
        _tool(tool, servers, adaptation, param=f"tools[{at}]")
        for at, tool in enumerate(request.tools)
    ]
    return [*tools, *servers.remaining()]


def _tool(tool: Tool, servers: MCPServers, adaptation: Adaptation, *, param: str) -> Tool:
    match tool:
        case FunctionTool():
            note_lost(tool.extensions, adaptation, prefix=f"{param}.")
            return FunctionTool(
                name=adaptation.names.upstream(tool.name),
                description=tool.description,
                schema=object_schema(tool.schema or {}),
                strict=_strict(tool, adaptation, param=f"{param}.strict"),
            )
        case CustomTool():
            note_lost(tool.extensions, adaptation, prefix=f"{param}.")
            name = adaptation.names.upstream(tool.name)
            return CustomTool(name=name, description=tool.description, format=tool.format)
        case HostedTool(type=kind) if kind == TOOLSET:
            return servers.take(tool.config, param=param)
        case HostedTool():
            if not is_web_search(tool.type):
                message = f"Responses has no tool like {tool.type!r}"
                adaptation.translation.rejected(param, message)
            # A tool whose object does not say its type stands in a field of its own.
            place = param if "type" in tool.config else tool.type
            return web_search(tool.config, adaptation, param=place)


def _strict(tool: FunctionTool, adaptation: Adaptation, *, param: str) -> bool:
    """Always said, since Responses takes silence for strict and changes what is required.
    Strict only where the schema is fit for it as it stands.
    """
    if tool.strict is not True:
        return False
    if adaptation.same_vendor or is_strict(tool.schema):
        return True
    adaptation.translation.dropped(param, "the schema leaves properties open or optional")
    return False


def adapted_choice(
    request: NormalizedRequest, tools: list[Tool], adaptation: Adaptation
) -> ToolChoice | None:
    """The choice among `tools`; none where there are no tools to choose from.

    Raises:
        InvalidRequestError: what must be called is not there.
    """
    choice = request.tool_choice
    if choice is None or (choice.mode in ("auto", "none") and not tools):
        return None
    if choice.mode == "hosted" or not tools:
        adaptation.translation.rejected("tool_choice", "there is no such tool")
    if choice.mode not in ("named", "allowed"):
        return ToolChoice(mode=choice.mode)
    entries = _entries(request, tools)
    for name in choice.names:
        if name not in entries:
            adaptation.translation.rejected("tool_choice", f"{name!r} is not among the tools")
    chosen = [entries[name] for name in choice.names]
    names = [adaptation.names.upstream(name) for name in choice.names]
    if choice.mode == "named" and "name" in chosen[0]:
        return ToolChoice(mode="named", names=names, raw=chosen[0])
    required = choice.required or choice.mode == "named"
    raw: JSONObject = {
        "type": "allowed_tools",
        "mode": "required" if required else "auto",
        "tools": [*chosen],
    }
    return ToolChoice(mode="allowed", names=names, required=required, raw=raw)


def _entries(request: NormalizedRequest, tools: list[Tool]) -> dict[str, JSONObject]:
    """The tools as a choice names them, by the client's names of them."""
    return {
        asked.name: _entry(tool)
        for asked, tool in zip(request.tools, tools, strict=False)
        if asked.name is not None
    }


def _entry(tool: Tool) -> JSONObject:
    match tool:
        case FunctionTool():
            return {"type": "function", "name": tool.name}
        case CustomTool():
            return {"type": "custom", "name": tool.name}
        case HostedTool():
            return {"type": tool.type}


def adapted_parallel(request: NormalizedRequest, tools: list[Tool]) -> bool | None:
    """Whether calls may be parallel, said only beside tools.

    Chat's older `function_call` holds only one.
    """
    if request.source.legacy_functions and tools:
        return False
    return request.parallel_tool_calls if tools else None
