import pytest
from msgspec import UNSET

from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import CacheMark, FunctionTool, HostedTool, ToolChoice

NAME = "anthropic_messages"
SCHEMA = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/A"}},
    "$defs": {"A": {"type": "string"}},
    "additionalProperties": False,
}


def test_a_tool_keeps_its_schema_and_every_field(decode):
    tool = {
        "name": "f",
        "description": "F.",
        "input_schema": SCHEMA,
        "strict": True,
        "cache_control": {"type": "ephemeral"},
        "input_examples": [{"a": "x"}],
        "defer_loading": True,
    }
    assert decode(tools=[tool]).tools == [
        FunctionTool(
            name="f",
            description="F.",
            schema=SCHEMA,
            strict=True,
            cache=CacheMark(),
            extensions={NAME: {"input_examples": [{"a": "x"}], "defer_loading": True}},
        )
    ]


@pytest.mark.parametrize("kind", ["custom", None])
def test_the_type_of_a_clients_tool_is_optional(decode, kind):
    [tool] = decode(tools=[{"type": kind, "name": "f", "input_schema": {}}]).tools
    assert tool == FunctionTool(name="f", schema={}, extensions={NAME: {"type": kind}})
    assert tool.strict is UNSET


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["x"]},
        {"type": "bash_20250124", "name": "bash"},
        {"type": "mcp_toolset", "mcp_server_name": "s", "configs": {"a": {"enabled": False}}},
        {"type": "computer_toolset_20260801", "display_width_px": 5},
    ],
)
def test_the_vendors_tools_need_no_schema_and_are_kept_whole(decode, tool):
    assert decode(tools=[tool]).tools == [
        HostedTool(dialect=NAME, type=tool["type"], config=tool, name=tool.get("name"))
    ]


def test_a_vendors_tool_may_have_a_cache_mark(decode):
    tool = {"type": "bash_20250124", "name": "bash", "cache_control": {"type": "ephemeral"}}
    [read] = decode(tools=[tool]).tools
    assert read.cache == CacheMark()
    assert read.config == tool


def test_an_empty_list_of_tools_differs_from_none(decode):
    assert decode(tools=[]).extensions == {NAME: {"tools": []}}
    assert decode().extensions == {}


@pytest.mark.parametrize(
    ("choice", "read", "parallel"),
    [
        ({"type": "auto"}, ToolChoice(mode="auto"), None),
        ({"type": "any"}, ToolChoice(mode="required"), None),
        ({"type": "tool", "name": "f"}, ToolChoice(mode="named", names=["f"]), None),
        ({"type": "none"}, ToolChoice(mode="none"), None),
        ({"type": "auto", "disable_parallel_tool_use": True}, ToolChoice(mode="auto"), False),
        ({"type": "any", "disable_parallel_tool_use": False}, ToolChoice(mode="required"), True),
        ({"type": "new", "a": 1}, ToolChoice(mode="hosted", raw={"type": "new", "a": 1}), None),
    ],
)
def test_choices_and_parallel_calls(decode, choice, read, parallel):
    request = decode(tool_choice=choice)
    assert request.tool_choice == read
    assert request.parallel_tool_calls is parallel
    assert request.extensions == {}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": {}}, "tools"),
        ({"tools": [1]}, "tools[0]"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tools": [{"input_schema": SCHEMA}]}, "tools[0].name"),
        ({"tools": [{"name": "f", "input_schema": "x"}]}, "tools[0].input_schema"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": {}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
    ],
)
def test_an_error_names_the_field(decode, fields, param):
    with pytest.raises(InvalidRequestError) as caught:
        decode(**fields)
    assert caught.value.details.param == param


def test_a_null_choice_is_none(decode):
    request = decode(tool_choice=None)
    assert request.tool_choice is None
    assert request.extensions == {NAME: {"tool_choice": None}}
