"""Lists of tools, in which client-side tools may stand together in a namespace.

A namespace is one object of a request, and a field of each of its tools in the model.
"""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import TypeAlias

from msgspec import Struct

from lunaroute_core.dialects.openai_responses.fields import (
    extensions_of,
    read_object,
    remainder,
    restored,
)
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.tools import (
    read_tool,
    write_answer_tool,
    write_request_tool,
)
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import CustomTool, FunctionTool, HostedTool, Tool, ToolNamespace

_NAMESPACE = "namespace"

_ToolWriter: TypeAlias = Callable[[Tool], JSONObject]


class _Fields(Struct):
    name: str
    description: str | None = None
    tools: list[JSONObject] = []


def read_tools(tools: Iterable[JSONObject]) -> list[Tool]:
    """The tools of a request.

    Raises:
        InvalidRequestError: one is malformed; `param` names its field.
    """
    read: list[Tool] = []
    for at, raw in enumerate(tools):
        param = f"tools[{at}]"
        if raw.get("type") == _NAMESPACE:
            read += _read_namespace(raw, param=param)
        else:
            read.append(read_tool(raw, param=param))
    return read


def _read_namespace(raw: JSONObject, *, param: str) -> list[Tool]:
    """Its tools; the whole object where it holds none, or not only a client's."""
    fields = read_object(raw, _Fields, param=param)
    namespace = ToolNamespace(
        name=fields.name,
        description=fields.description,
        extensions=extensions_of(remainder(raw, {"type", "name", "description", "tools"})),
    )
    tools: list[Tool] = []
    for at, inner in enumerate(fields.tools):
        tool = read_tool(inner, param=f"{param}.tools[{at}]")
        if not isinstance(tool, FunctionTool | CustomTool):
            tools = []
            break
        tool.namespace = namespace
        tools.append(tool)
    whole = HostedTool(dialect=DIALECT, type=_NAMESPACE, config=raw, name=fields.name)
    return tools or [whole]


def write_request_tools(tools: list[Tool]) -> list[JSONValue]:
    """The tools as a request offers them."""
    return _written(tools, write_request_tool)


def write_answer_tools(tools: list[Tool]) -> list[JSONValue]:
    """The tools as an answer echoes them; another vendor's hosted tools are left out."""
    own = [it for it in tools if not isinstance(it, HostedTool) or it.dialect == DIALECT]
    return _written(own, write_answer_tool)


def _written(tools: list[Tool], write: _ToolWriter) -> list[JSONValue]:
    written: list[JSONValue] = []
    for namespace, group in groupby(tools, key=_namespace_of):
        entries: list[JSONValue] = [write(tool) for tool in group]
        if namespace is None:
            written += entries
        else:
            written.append(_write_namespace(namespace, entries))
    return written


def _namespace_of(tool: Tool) -> ToolNamespace | None:
    return None if isinstance(tool, HostedTool) else tool.namespace


def _write_namespace(namespace: ToolNamespace, tools: list[JSONValue]) -> JSONObject:
    written: JSONObject = {"type": _NAMESPACE, "name": namespace.name}
    if namespace.description is not None:
        written["description"] = namespace.description
    return restored({**written, "tools": tools}, namespace.extensions)
