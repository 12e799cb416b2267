"""Makes other dialects' tools, and the choice among them, Anthropic's."""

import msgspec

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.foreign_extensions import note_lost_of_tool
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.schema_subset import (
    UnenforceableSchemaError,
    strict_schema,
)
from lunaroute_core.dialects.anthropic_messages.web_search import (
    WEB_SEARCH,
    is_web_search,
    web_search,
)
from lunaroute_core.dialects.dispensable_tools import is_dispensable
from lunaroute_core.dialects.free_form_tools import FREE_TEXT, grammar_note
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    CustomTool,
    FunctionTool,
    HostedTool,
    NormalizedRequest,
    Tool,
    ToolChoice,
)

_COMBINATORS = ("anyOf", "oneOf", "allOf")
_has_no_combinator = frozenset(_COMBINATORS).isdisjoint


def adapted_tools(
    request: NormalizedRequest, adaptation: Adaptation, *, fields: list[str]
) -> list[Tool]:
    """The tools that may be called; the client calls them by `fields`, one each.

    Raises:
        InvalidRequestError: Anthropic cannot offer one of them.
    """
    choice = request.tool_choice
    tools: list[Tool] = []
    for tool, param in zip(request.tools, fields, strict=True):
        if choice is not None and choice.mode == "allowed" and not _is_allowed(tool, choice):
            continue
        if tool.cache is not None:
            adaptation.marks_caches = True
        match tool:
            case FunctionTool():
                adapted = _function(tool, param, adaptation)
            case CustomTool():
                adapted = _custom(tool, param, adaptation)
            case HostedTool():
                adapted = _hosted(tool, request, adaptation, param=param)
        if adapted is not None:
            tools.append(adapted)
    calls = request.limits.max_tool_calls
    return tools if calls is None else _limited(tools, calls, adaptation)


def adapted_choice(
    choice: ToolChoice, tools: list[Tool], adaptation: Adaptation
) -> ToolChoice | None:
    """The choice among `tools`; none where there are no tools to choose from.

    Raises:
        InvalidRequestError: what must be called is not there, or the model cannot be made to.
    """
    forced = choice.mode in ("required", "named", "hosted") or choice.required
    if not tools:
        if forced:
            adaptation.translation.rejected("tool_choice", "there is no such tool")
        return None
    if forced and not adaptation.capabilities.forced_tools:
        message = "this model cannot be made to call a tool"
        adaptation.translation.rejected("tool_choice", message)
    match choice.mode:
        case "allowed":
            return ToolChoice(mode="required" if choice.required else "auto")
        case "named":
            names = [adaptation.names.upstream(name) for name in choice.names]
            return ToolChoice(mode="named", names=names)
        case "hosted":
            if not is_web_search(str((choice.raw or {}).get("type"))):
                adaptation.translation.rejected("tool_choice", "Anthropic has no such tool")
            return ToolChoice(mode="named", names=[WEB_SEARCH])
        case mode:
            return ToolChoice(mode=mode)


def adapted_parallel(request: NormalizedRequest, choice: ToolChoice | None) -> bool | None:
    """Whether calls may be parallel, said only where they may not: they may by default.

    Chat's older `function_call` holds only one.
    """
    none = choice is not None and choice.mode == "none"
    serial = request.parallel_tool_calls is False or request.source.legacy_functions
    return False if serial and not none else None


def _is_allowed(tool: Tool, choice: ToolChoice) -> bool:
    """Whether a choice among some tools leaves this one to the model.

    Hosted ones it lists by their type, and none that stand in a field of their own.
    """
    if not isinstance(tool, HostedTool):
        return tool.name in choice.names
    listed = choice.raw.get("tools") if choice.raw is not None else None
    entries = listed if isinstance(listed, list) else []
    known = any(isinstance(it, dict) and it.get("type") == tool.type for it in entries)
    return known or "type" not in tool.config


def _hosted(
    tool: HostedTool, request: NormalizedRequest, adaptation: Adaptation, *, param: str
) -> HostedTool | None:
    """Another vendor's tool as Anthropic's own; None where the request can do without."""
    if tool.dialect == DIALECT:
        return tool
    # A tool whose object does not say its type stands in a field of its own.
    place = param if "type" in tool.config else tool.type
    message = f"this model has no tool like {tool.type!r}"
    if is_web_search(tool.type) and adaptation.capabilities.web_search:
        # What a client does not let out must not be let out: that is no option but a promise.
        if tool.config.get("external_web_access") is not False:
            return web_search(tool.config, adaptation, param=place)
        message = "Anthropic's search is of the live web"
    if not is_dispensable(tool, request):
        adaptation.translation.rejected(place, message)
    adaptation.translation.dropped(place, message)
    return None


def _function(tool: FunctionTool, param: str, adaptation: Adaptation) -> FunctionTool:
    if tool.extensions:
        note_lost_of_tool(tool.extensions, adaptation, param=param)
    schema, note = _object_schema(tool.schema)
    description = tool.description
    if note is not None:
        message = "a choice of schemas at the root, moved to the description"
        adaptation.translation.emulated(f"{param}.{adaptation.named('parameters')}", message)
        description = f"{description}\n\n{note}" if description else note
    adapted = FunctionTool(
        name=adaptation.names.upstream(tool.name),
        description=description,
        schema=schema,
        cache=tool.cache,
    )
    if tool.strict is True:
        _make_strict(adapted, param, adaptation)
    return adapted


def _make_strict(tool: FunctionTool, param: str, adaptation: Adaptation) -> None:
    """Have arguments conform to the schema, where the model can and the schema allows it."""
    field = f"{param}.{adaptation.named('strict')}"
    try:
        schema = strict_schema(tool.schema or {})
    except UnenforceableSchemaError as error:
        adaptation.translation.dropped(field, str(error))
        return
    if not adaptation.capabilities.structured_output:
        adaptation.translation.dropped(field, "the model does not enforce schemas")
        return
    tool.schema, tool.strict = schema, True


def _object_schema(schema: JSONObject | None) -> tuple[JSONObject, str | None]:
    """A schema whose root is one object, as Anthropic wants it, and what had to leave it."""
    if not schema:
        return {"type": "object", "properties": {}}, None
    whole: JSONObject = {"type": "object", **schema}
    if _has_no_combinator(schema):
        return whole, None
    moved = {key: whole.pop(key) for key in _COMBINATORS if key in whole}
    text = msgspec.json.encode(moved).decode()
    return whole, f"The input must also satisfy this JSON Schema: {text}"


def _custom(tool: CustomTool, param: str, adaptation: Adaptation) -> FunctionTool:
    """A tool that takes text as a function of one text."""
    if tool.extensions:
        note_lost_of_tool(tool.extensions, adaptation, param=param)
    description = tool.description
    if note := grammar_note(tool):
        message = "a grammar, moved to the tool's description"
        adaptation.translation.emulated(f"{param}.{adaptation.named('grammar')}", message)
        description = f"{description}\n\n{note}" if description else note
    adaptation.translation.emulated(param, exact=True)
    return FunctionTool(
        name=adaptation.names.upstream(tool.name),
        description=description,
        schema=FREE_TEXT,
        cache=tool.cache,
    )


def _limited(tools: list[Tool], calls: int, adaptation: Adaptation) -> list[Tool]:
    """The tools with a limit of hosted calls at the one hosted tool."""
    hosted = [tool for tool in tools if isinstance(tool, HostedTool)]
    if not hosted:
        return tools
    if len(hosted) > 1:
        adaptation.translation.dropped("max_tool_calls", "Anthropic limits each tool by itself")
        return tools
    config: JSONObject = {**hosted[0].config, "max_uses": calls}
    limited = msgspec.structs.replace(hosted[0], config=config)
    return [limited if tool is hosted[0] else tool for tool in tools]
