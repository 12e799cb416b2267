"""Reads tools and the choice among them."""

from typing import Literal

from msgspec import UNSET, Raw

from lunaroute_core.dialects.anthropic_messages.blocks import read_cache_mark
from lunaroute_core.dialects.anthropic_messages.fields import (
    FLAG,
    OBJECT,
    RAW,
    RAW_LIST,
    TEXT,
    JSONFields,
)
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.request_json import check_tool_schema, read_request
from lunaroute_core.model import FunctionTool, HostedTool, Tool, ToolChoice

_CHOICES: dict[str, Literal["auto", "required", "named", "none"]] = {
    "auto": "auto",
    "any": "required",
    "tool": "named",
    "none": "none",
}


def read_tools(fields: JSONFields) -> list[Tool]:
    """`tools`. An empty list, which some clients send, is kept apart from an absent one."""
    raw = fields.take("tools", RAW_LIST)
    if raw is None:
        return []
    if not raw:
        fields.keep("tools", [])
    path = fields.at("tools")
    return [_read_tool(tool, f"{path}[{index}]") for index, tool in enumerate(raw)]


def _read_tool(raw: Raw, path: str) -> Tool:
    """A client's own tool, or one of the vendor's: dated types and MCP toolsets.

    Only the client's own have a schema; the vendor knows the schemas of the others.
    """
    fields = JSONFields(raw, path=path)
    kind = fields.take("type", TEXT)
    if kind is not None and kind != "custom":
        return HostedTool(
            dialect=DIALECT,
            type=kind,
            config=read_request(OBJECT, raw, path=path),
            name=fields.take("name", TEXT),
            cache=read_cache_mark(fields),
        )
    if kind is not None:
        fields.keep("type", kind)
    schema = fields.require("input_schema", OBJECT)
    strict = fields.take("strict", FLAG)
    tool = FunctionTool(
        name=fields.require("name", TEXT),
        description=fields.take("description", TEXT),
        schema=check_tool_schema(schema, param=fields.at("input_schema")),
        strict=UNSET if strict is None else strict,
        cache=read_cache_mark(fields),
    )
    tool.extensions = fields.extensions()
    return tool


def read_tool_choice(fields: JSONFields) -> tuple[ToolChoice | None, bool | None]:
    """`tool_choice` as the choice and whether calls may be parallel, None where unsaid."""
    raw = fields.take("tool_choice", RAW)
    if raw is None:
        return None, None
    whole = read_request(OBJECT, raw, path=fields.at("tool_choice"))
    choice = JSONFields(raw, path=fields.at("tool_choice"))
    kind = choice.require("type", TEXT)
    mode = _CHOICES.get(kind)
    if mode is None:
        return ToolChoice(mode="hosted", raw=whole), None
    serial = choice.take("disable_parallel_tool_use", FLAG)
    names = [choice.require("name", TEXT)] if mode == "named" else []
    if left := choice.rest():
        fields.keep("tool_choice", left)
    return ToolChoice(mode=mode, names=names), None if serial is None else not serial
