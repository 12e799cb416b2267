import json

import pytest
from msgspec import UNSET

from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import CustomTool, FunctionTool, HostedTool, ToolChoice
from lunaroute_core.translation import Translation

SCHEMA = {
    "type": "object",
    "properties": {"q": {"$ref": "#/$defs/q"}},
    "$defs": {"q": {"type": "string"}},
}


def function(**fields):
    return {"type": "function", "function": {"name": "f", **fields}}


def test_a_function_keeps_its_schema_whole(decode):
    request = decode(tools=[function(description="d", parameters=SCHEMA, strict=True)])
    assert request.tools == [FunctionTool(name="f", description="d", schema=SCHEMA, strict=True)]


def test_a_function_needs_no_parameters(decode):
    assert decode(tools=[function()]).tools == [FunctionTool(name="f")]


@pytest.mark.parametrize(
    ("fields", "strict"), [({}, UNSET), ({"strict": None}, None), ({"strict": False}, False)]
)
def test_strict_has_three_states(decode, fields, strict):
    (tool,) = decode(tools=[function(**fields)]).tools
    assert tool.strict is strict
    assert tool.extensions == {}


def test_unknown_fields_of_a_tool_stay_at_their_depth(decode, own):
    (tool,) = decode(tools=[{**function(x=1, description=None), "cache_control": {"t": 1}}]).tools
    assert own(tool) == {"cache_control": {"t": 1}, "function": {"x": 1, "description": None}}


def test_a_grammar_is_kept_in_the_flat_form_both_openai_dialects_share(decode):
    grammar = {"syntax": "lark", "definition": "start: x"}
    custom = {"name": "c", "description": "d", "format": {"type": "grammar", "grammar": grammar}}
    (tool,) = decode(tools=[{"type": "custom", "custom": custom}]).tools
    assert tool == CustomTool(name="c", description="d", format={"type": "grammar", **grammar})


@pytest.mark.parametrize(
    "form", [None, {"type": "text"}, {"type": "grammar", "grammar": {"type": "x"}}]
)
def test_another_format_is_kept_as_it_is(decode, form):
    (tool,) = decode(tools=[{"type": "custom", "custom": {"name": "c", "format": form}}]).tools
    assert tool.format == form


def test_a_tool_of_another_type_is_hosted(decode):
    wire = {"type": "builtin_function", "function": {"name": "$web_search"}}
    assert decode(tools=[wire]).tools == [
        HostedTool(dialect="openai_chat", type="builtin_function", config=wire)
    ]


def test_old_functions_follow_the_tools_and_are_known(decode, own):
    current, old = decode(tools=[function()], functions=[{"name": "g", "parameters": SCHEMA}]).tools
    assert own(current) == {}
    assert (old.name, old.schema, own(old)) == ("g", SCHEMA, {"$form": {"legacy": True}})


def test_web_search_is_a_hosted_tool(decode):
    request = decode(web_search_options={"search_context_size": "low"})
    assert request.tools == [
        HostedTool(
            dialect="openai_chat",
            type="web_search_options",
            config={"search_context_size": "low"},
        )
    ]


NAMED_CUSTOM = {"type": "custom", "custom": {"name": "c"}}
ALLOWED = {
    "type": "allowed_tools",
    "allowed_tools": {"mode": "required", "tools": [function(), NAMED_CUSTOM]},
}


@pytest.mark.parametrize(
    ("wire", "choice"),
    [
        ("auto", ToolChoice(mode="auto")),
        ("none", ToolChoice(mode="none")),
        ("required", ToolChoice(mode="required")),
        (function(), ToolChoice(mode="named", names=["f"])),
        (NAMED_CUSTOM, ToolChoice(mode="named", names=["c"], raw=NAMED_CUSTOM)),
        (ALLOWED, ToolChoice(mode="allowed", names=["f", "c"], required=True, raw=ALLOWED)),
        ({"type": "web_search"}, ToolChoice(mode="hosted", raw={"type": "web_search"})),
        (None, None),
    ],
)
def test_a_tool_choice_is_read(decode, wire, choice):
    assert decode(tool_choice=wire).tool_choice == choice


@pytest.mark.parametrize(
    ("allowed", "param"),
    [
        ({}, "tool_choice.allowed_tools.mode"),
        ({"mode": "never", "tools": []}, "tool_choice.allowed_tools.mode"),
        ({"mode": "auto", "tools": [1]}, "tool_choice.allowed_tools.tools[0]"),
        (
            {"mode": "auto", "tools": [{"type": "function"}]},
            "tool_choice.allowed_tools.tools[0].function",
        ),
    ],
)
def test_a_bad_set_of_allowed_tools_is_named(decode, allowed, param):
    with pytest.raises(InvalidRequestError) as caught:
        decode(tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert caught.value.details.param == param


@pytest.mark.parametrize(
    ("wire", "choice"),
    [
        ("auto", ToolChoice(mode="auto")),
        ("none", ToolChoice(mode="none")),
        ({"name": "f"}, ToolChoice(mode="named", names=["f"])),
    ],
)
def test_an_old_function_choice_is_read(decode, wire, choice):
    assert decode(functions=[{"name": "f"}], function_call=wire).tool_choice == choice


def test_beside_a_tool_choice_the_old_one_is_only_kept(decode, own):
    request = decode(tool_choice="none", function_call="auto")
    assert request.tool_choice == ToolChoice(mode="none")
    assert own(request) == {"function_call": "auto"}


def test_a_function_choice_with_more_than_a_name_is_written_as_it_came(decode):
    wanted = {"name": "f", "extra": 1}
    request = decode(functions=[{"name": "f"}], function_call=wanted)
    body = json.loads(ChatRequests().encode(request, Translation()))
    assert body["function_call"] == wanted
