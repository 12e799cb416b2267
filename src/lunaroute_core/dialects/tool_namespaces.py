"""Namespaced tools, for dialects without namespaces, and the way back to them."""

from collections.abc import Iterable

from msgspec.structs import replace

from lunaroute_core.answer_stages import ClientTool, ToolRestoration
from lunaroute_core.dialects.tool_ids import ToolNames
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    Block,
    CustomTool,
    HostedTool,
    Message,
    NormalizedRequest,
    Tool,
    ToolCallBlock,
    ToolChoice,
)

_SEPARATOR = "__"
"""As in the names by which assistants know the tools of MCP servers."""


def without_namespaces(request: NormalizedRequest) -> NormalizedRequest:
    """The same request with the namespace of each tool and call in its name.

    Raises:
        InvalidRequestError: two tools would have one name.
    """
    for tool in request.tools:
        if not isinstance(tool, HostedTool) and tool.namespace is not None:
            return _flat(request)
    for turn in request.turns:
        for block in turn.blocks:
            if type(block) is ToolCallBlock and block.namespace is not None:
                return _flat(request)
    return request


def _flat(request: NormalizedRequest) -> NormalizedRequest:
    tools = _flat_tools(request.tools)
    _check_names(tools, tool_fields(request.tools))
    return replace(
        request,
        tools=tools,
        turns=[_flat_turn(turn) for turn in request.turns],
        tool_choice=_flat_choice(request.tool_choice, request.tools),
    )


def tool_fields(tools: Iterable[Tool]) -> list[str]:
    """Where a client's tools stand in its request: `tools[3]`, or `tools[3].tools[0]`."""
    fields: list[str] = []
    namespace, at, inside = None, -1, 0
    for tool in tools:
        before, namespace = namespace, None if isinstance(tool, HostedTool) else tool.namespace
        inside += 1
        if namespace is None or namespace is not before:
            at, inside = at + 1, 0
        fields.append(f"tools[{at}]" if namespace is None else f"tools[{at}].tools[{inside}]")
    return fields


def tool_restoration(
    request: NormalizedRequest, names: ToolNames, *, free_form: bool
) -> ToolRestoration | None:
    """What gives the client its tools' own names back; None where the upstream has the same.

    Args:
        request: the client's.
        names: of its tools without their namespaces.
        free_form: whether the upstream takes free-form tools as such.
    """
    tools: dict[str, ClientTool] = {}
    for tool in request.tools:
        if isinstance(tool, HostedTool):
            continue
        namespace = None if tool.namespace is None else tool.namespace.name
        flat = tool.name if namespace is None else _flat_name(tool.name, namespace)
        upstream = names.upstream(flat)
        wrapped = isinstance(tool, CustomTool) and not free_form
        if wrapped or upstream != tool.name:
            tools[upstream] = ClientTool(name=tool.name, namespace=namespace, free_form=wrapped)
    return ToolRestoration(tools=tools) if tools else None


def _namespace_of(tool: Tool) -> str | None:
    if isinstance(tool, HostedTool) or tool.namespace is None:
        return None
    return tool.namespace.name


def _flat_name(name: str, namespace: str | None) -> str:
    return name if namespace is None else f"{namespace}{_SEPARATOR}{name}"


def _flat_tools(tools: list[Tool]) -> list[Tool]:
    """What is said of a namespace is said of its first tool."""
    described: set[str] = set()
    flat: list[Tool] = []
    for tool in tools:
        if isinstance(tool, HostedTool) or tool.namespace is None:
            flat.append(tool)
            continue
        namespace = tool.namespace
        shared = None if namespace.name in described else namespace.description
        described.add(namespace.name)
        description = "\n\n".join(it for it in (shared, tool.description) if it) or tool.description
        name = _flat_name(tool.name, namespace.name)
        flat.append(replace(tool, name=name, namespace=None, description=description))
    return flat


def _check_names(tools: list[Tool], fields: list[str]) -> None:
    seen: set[str | None] = {None}
    for tool, field in zip(tools, fields, strict=True):
        if tool.name in seen and not isinstance(tool, HostedTool):
            message = f"{field}: with its namespace it has the name of another tool, {tool.name!r}"
            raise InvalidRequestError(message, param=field)
        seen.add(tool.name)


def _flat_turn(turn: Message) -> Message:
    return replace(turn, blocks=[_flat_block(block) for block in turn.blocks])


def _flat_block(block: Block) -> Block:
    if not isinstance(block, ToolCallBlock) or block.namespace is None:
        return block
    return replace(block, name=_flat_name(block.name, block.namespace), namespace=None)


def _flat_choice(choice: ToolChoice | None, tools: list[Tool]) -> ToolChoice | None:
    """The choice, which names namespaced tools without their namespace."""
    if choice is None or not choice.names:
        return choice
    flat = {
        tool.name: _flat_name(tool.name, _namespace_of(tool))
        for tool in reversed(tools)
        if tool.name is not None
    }
    return replace(choice, names=[flat.get(name, name) for name in choice.names])
