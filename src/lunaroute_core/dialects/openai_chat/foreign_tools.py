"""Makes other dialects' tools, and the choice among them, Chat's."""

from msgspec import UnsetType

from lunaroute_core.dialects.dispensable_tools import is_dispensable
from lunaroute_core.dialects.free_form_tools import FREE_TEXT, grammar_note
from lunaroute_core.dialects.openai_chat.extensions import DIALECT
from lunaroute_core.dialects.openai_chat.foreign_extensions import note_lost
from lunaroute_core.dialects.openai_chat.tool_writing import SEARCH_OPTIONS
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.strict_schema import is_strict, object_schema
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    CustomTool,
    FunctionTool,
    HostedTool,
    NormalizedRequest,
    Tool,
    ToolChoice,
)

_PLACE = ("city", "country", "region", "timezone")
_FILTERS = ("filters", "allowed_domains", "blocked_domains")
_READ = frozenset({"type", "name", "cache_control", "user_location", "search_context_size"})


def adapted_tools(
    request: NormalizedRequest, adaptation: Adaptation, *, fields: list[str]
) -> list[Tool]:
    """The tools that may be called; the client calls them by `fields`, one each.

    Raises:
        InvalidRequestError: only another vendor runs one of them.
    """
    return [
        adapted
        for tool, param in zip(request.tools, fields, strict=True)
        if (adapted := _tool(tool, request, adaptation, param=param)) is not None
    ]


def _tool(
    tool: Tool, request: NormalizedRequest, adaptation: Adaptation, *, param: str
) -> Tool | None:
    match tool:
        case FunctionTool():
            note_lost(tool.extensions, adaptation, prefix=f"{param}.")
            return FunctionTool(
                name=adaptation.names.upstream(tool.name),
                description=tool.description,
                schema=None if tool.schema is None else object_schema(tool.schema),
                strict=_strict(tool, adaptation, param=f"{param}.strict"),
            )
        case CustomTool():
            note_lost(tool.extensions, adaptation, prefix=f"{param}.")
            return _custom(tool, adaptation, param=param)
        case HostedTool():
            return _hosted(tool, request, adaptation, param=param)


def _strict(tool: FunctionTool, adaptation: Adaptation, *, param: str) -> bool | UnsetType | None:
    """Strict only where the schema is fit for it as it stands."""
    if tool.strict is not True or is_strict(tool.schema):
        return tool.strict
    adaptation.translation.dropped(param, "the schema leaves properties open or optional")
    return False


def _custom(tool: CustomTool, adaptation: Adaptation, *, param: str) -> CustomTool | FunctionTool:
    """A tool that takes text; as a function of one text where the server knows only functions."""
    name = adaptation.names.upstream(tool.name)
    if adaptation.capabilities.first_party:
        return CustomTool(name=name, description=tool.description, format=tool.format)
    description = tool.description
    if note := grammar_note(tool):
        message = "a grammar, moved to the tool's description"
        adaptation.translation.emulated(f"{param}.format", message)
        description = f"{description}\n\n{note}" if description else note
    adaptation.translation.emulated(param, exact=True)
    return FunctionTool(name=name, description=description, schema=FREE_TEXT)


def _hosted(
    tool: HostedTool, request: NormalizedRequest, adaptation: Adaptation, *, param: str
) -> HostedTool | None:
    """Another vendor's tool as Chat's own; None where the request can do without."""
    known = tool.type.startswith("web_search") and adaptation.capabilities.web_search
    live = tool.config.get("external_web_access") is not False
    if not (known and live):
        # What a client does not let out must not be let out: that is no option but a promise.
        message = "Chat's web search is of the live web"
        if not known:
            message = f"this model has no tool like {tool.type!r}"
        if not is_dispensable(tool, request):
            adaptation.translation.rejected(param, message)
        adaptation.translation.dropped(param, message)
        return None
    for key in _FILTERS:
        if tool.config.get(key):
            message = "Chat's web search takes no filters"
            adaptation.translation.rejected(f"{param}.{key}", message)
    for key, value in tool.config.items():
        if key not in _READ and key not in _FILTERS and value is not None:
            message = "Chat's web search has no such option"
            adaptation.translation.dropped(f"{param}.{key}", message)
    return HostedTool(dialect=DIALECT, type=SEARCH_OPTIONS, config=_search_options(tool.config))


def _search_options(config: JSONObject) -> JSONObject:
    """Chat nests the place under `approximate`."""
    options: JSONObject = {}
    if isinstance(size := config.get("search_context_size"), str):
        options["search_context_size"] = size
    if isinstance(location := config.get("user_location"), dict):
        place: JSONObject = {key: location[key] for key in _PLACE if location.get(key) is not None}
        options["user_location"] = {"type": "approximate", "approximate": place}
    return options


def adapted_choice(
    request: NormalizedRequest, tools: list[Tool], adaptation: Adaptation
) -> ToolChoice | None:
    """Raises InvalidRequestError for the choice of a tool that Chat cannot be told to use."""
    choice = request.tool_choice
    client_side = any(not isinstance(tool, HostedTool) for tool in tools)
    if choice is None or (choice.mode in ("auto", "none") and not client_side):
        return None
    if tools and not client_side and choice.mode in ("named", "hosted", "required"):
        return None  # models that search in Chat always do
    if choice.mode == "hosted":
        adaptation.translation.rejected("tool_choice", "Chat cannot be told to use a hosted tool")
    if choice.mode not in ("named", "allowed"):
        return ToolChoice(mode=choice.mode)
    _check_allowed(choice, adaptation)
    entries = [_entry(name, tools, adaptation) for name in choice.names]
    if choice.mode == "named":
        return ToolChoice(mode="named", names=choice.names, raw=entries[0])
    mode = "required" if choice.required else "auto"
    allowed: JSONObject = {"mode": mode, "tools": [*entries]}
    raw: JSONObject = {"type": "allowed_tools", "allowed_tools": allowed}
    return ToolChoice(mode="allowed", names=choice.names, required=choice.required, raw=raw)


def _check_allowed(choice: ToolChoice, adaptation: Adaptation) -> None:
    listed: JSONValue = choice.raw.get("tools") if choice.raw is not None else None
    if isinstance(listed, list) and len(listed) != len(choice.names):
        adaptation.translation.rejected("tool_choice.tools", "Chat can allow only functions")


def _entry(name: str, tools: list[Tool], adaptation: Adaptation) -> JSONObject:
    """A tool as a choice names it."""
    upstream = adaptation.names.upstream(name)
    kinds = {
        tool.name: "custom" if isinstance(tool, CustomTool) else "function"
        for tool in tools
        if not isinstance(tool, HostedTool)
    }
    if upstream not in kinds:
        adaptation.translation.rejected("tool_choice", f"{name!r} is not among the functions")
    kind = kinds[upstream]
    return {"type": kind, kind: {"name": upstream}}


def adapted_parallel(request: NormalizedRequest, tools: list[Tool]) -> bool | None:
    """Whether calls may be parallel; Chat takes the field only beside tools."""
    client_side = any(not isinstance(tool, HostedTool) for tool in tools)
    return request.parallel_tool_calls if client_side else None
