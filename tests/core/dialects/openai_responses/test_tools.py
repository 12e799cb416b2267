import pytest
from msgspec import UNSET

from lunaroute_core.dialects.openai_responses.tools import (
    read_tool,
    read_tool_choice,
    write_answer_tool,
)
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import CustomTool, FunctionTool, HostedTool, ToolChoice

SCHEMA = {"type": "object", "$defs": {"a": {"type": "string"}}, "additionalProperties": False}


def test_a_function_keeps_its_whole_schema():
    raw = {
        "type": "function",
        "name": "f",
        "description": "d",
        "parameters": SCHEMA,
        "strict": False,
        "defer_loading": True,
        "output_schema": None,
    }
    tool = read_tool(raw, param="tools[0]")
    assert tool == FunctionTool(
        name="f",
        description="d",
        schema=SCHEMA,
        strict=False,
        extensions={"openai_responses": {"defer_loading": True, "output_schema": None}},
    )
    assert write_answer_tool(tool) == raw


@pytest.mark.parametrize(("given", "strict"), [({}, UNSET), ({"strict": None}, None)])
def test_strict_has_three_states(given, strict):
    tool = read_tool({"type": "function", "name": "f", "parameters": None, **given}, param="t")
    assert isinstance(tool, FunctionTool)
    assert tool.strict is strict
    assert tool.schema is None


def test_a_custom_tool_keeps_its_grammar():
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /a/"}
    raw = {"type": "custom", "name": "p", "description": "d", "format": grammar}
    tool = read_tool(raw, param="tools[0]")
    assert tool == CustomTool(name="p", description="d", format=grammar)
    assert write_answer_tool(tool) == raw


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"type": "web_search", "search_context_size": "low"}, None),
        ({"type": "shell", "name": "n"}, "n"),
        ({"type": "later", "name": 5}, None),
    ],
)
def test_other_tools_are_kept_whole(raw, name):
    tool = read_tool(raw, param="tools[0]")
    assert tool == HostedTool(dialect="openai_responses", type=raw["type"], config=raw, name=name)
    assert write_answer_tool(tool) == raw


@pytest.mark.parametrize(
    ("raw", "choice"),
    [
        ("auto", ToolChoice(mode="auto")),
        ("none", ToolChoice(mode="none")),
        ("required", ToolChoice(mode="required")),
        (
            {"type": "function", "name": "f"},
            ToolChoice(mode="named", names=["f"], raw={"type": "function", "name": "f"}),
        ),
        (
            {"type": "custom", "name": "p"},
            ToolChoice(mode="named", names=["p"], raw={"type": "custom", "name": "p"}),
        ),
        (
            {"type": "mcp", "server_label": "s"},
            ToolChoice(mode="hosted", raw={"type": "mcp", "server_label": "s"}),
        ),
    ],
)
def test_each_tool_choice_has_its_mode(raw, choice):
    assert read_tool_choice(raw) == choice


def test_allowed_tools_name_the_client_s_tools():
    raw = {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}],
    }
    choice = read_tool_choice(raw)
    assert (choice.mode, choice.names, choice.required, choice.raw) == ("allowed", ["f"], True, raw)


@pytest.mark.parametrize(
    ("raw", "param"),
    [
        ({}, "tools[1].type"),
        ({"type": "function"}, "tools[1].name"),
        ({"type": "function", "name": "f", "parameters": []}, "tools[1].parameters"),
        ({"type": "function", "name": "f", "strict": "yes"}, "tools[1].strict"),
        ({"type": "custom", "name": None}, "tools[1].name"),
    ],
)
def test_a_malformed_tool_is_named(raw, param):
    with pytest.raises(InvalidRequestError) as caught:
        read_tool(raw, param="tools[1]")
    assert caught.value.details.param == param


@pytest.mark.parametrize(
    ("raw", "param"),
    [
        ("any", "tool_choice"),
        ({}, "tool_choice.type"),
        ({"type": "function"}, "tool_choice.name"),
        ({"type": "allowed_tools", "mode": "x", "tools": []}, "tool_choice.mode"),
        ({"type": "allowed_tools", "mode": "auto", "tools": [1]}, "tool_choice.tools[0]"),
    ],
)
def test_a_malformed_tool_choice_is_named(raw, param):
    with pytest.raises(InvalidRequestError) as caught:
        read_tool_choice(raw)
    assert caught.value.details.param == param
