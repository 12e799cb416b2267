import pytest

from lunaroute_core.errors import InvalidRequestError

SCHEMA = {
    "type": "object",
    "$defs": {"d": {"type": "string"}},
    "properties": {"a": {"$ref": "#/$defs/d", "default": None}},
    "additionalProperties": False,
}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def function(name="f", **fields):
    return {"type": "function", "function": {"name": name, **fields}}


def test_a_schema_is_copied_whole_and_nulls_are_left_out(chat):
    body, warnings = chat(tools=[function(description=None, parameters=SCHEMA)])
    assert body["tools"] == [{"name": "f", "input_schema": SCHEMA}]
    assert warnings == []


def test_a_function_without_parameters_takes_an_empty_object(chat, responses):
    empty = {"type": "object", "properties": {}}
    assert chat(tools=[function()]).body["tools"][0]["input_schema"] == empty
    tool = {"type": "function", "name": "f", "parameters": {}, "strict": False}
    assert responses(tools=[tool]).body["tools"] == [{"name": "f", "input_schema": empty}]


def test_a_missing_type_is_object(chat):
    reference = {"$ref": "#/$defs/d", "$defs": {"d": {"type": "object"}}}
    body, _ = chat(tools=[function(parameters=reference)])
    assert body["tools"][0]["input_schema"] == {"type": "object", **reference}


def test_a_choice_of_schemas_at_the_root_moves_to_the_description(chat):
    schema = {"type": "object", "properties": {"a": {}}, "anyOf": [{"required": ["a"]}]}
    body, warnings = chat(tools=[function(description="Does.", parameters=schema)])
    note = 'The input must also satisfy this JSON Schema: {"anyOf":[{"required":["a"]}]}'
    assert body["tools"] == [
        {
            "name": "f",
            "description": f"Does.\n\n{note}",
            "input_schema": {"type": "object", "properties": {"a": {}}},
        }
    ]
    assert warnings == [("emulated", "tools[0].function.parameters")]


def test_a_strict_schema_is_enforced_within_the_subset(chat):
    schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 2}}}
    body, warnings = chat(tools=[function(parameters=schema, strict=True)])
    tool = body["tools"][0]
    assert tool["strict"] is True
    assert tool["input_schema"]["additionalProperties"] is False
    assert tool["input_schema"]["properties"]["a"]["description"] == "{maxLength: 2}"
    assert warnings == []


def test_strictness_is_dropped_where_it_cannot_be_had(chat):
    recursive = {"type": "object", "properties": {"a": {"$ref": "#"}}}
    body, warnings = chat(tools=[function(parameters=recursive, strict=True)])
    assert body["tools"] == [{"name": "f", "input_schema": recursive}]
    assert warnings == [("dropped", "tools[0].function.strict")]
    body, warnings = chat(
        tools=[function(parameters=SCHEMA, strict=True)], known={"structured_output": False}
    )
    assert body["tools"] == [{"name": "f", "input_schema": SCHEMA}]
    assert warnings == [("dropped", "tools[0].function.strict")]


def test_a_custom_tool_is_a_function_of_one_text(chat, responses):
    expected = {
        "name": "patch",
        "description": "Patches.",
        "input_schema": {
            "type": "object",
            "properties": {"input": {"type": "string"}},
            "required": ["input"],
            "additionalProperties": False,
        },
    }
    custom = {"name": "patch", "description": "Patches."}
    body, warnings = chat(tools=[{"type": "custom", "custom": custom}], strict=True)
    assert body["tools"] == [expected]
    assert warnings == []
    tool = {"type": "custom", **custom, "format": {"type": "text"}}
    assert responses(tools=[tool]).body["tools"] == [expected]


def test_a_grammar_is_told_in_the_description(responses):
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /a/"}
    tool = {"type": "custom", "name": "p", "description": "Patches.", "format": grammar}
    body, warnings = responses(tools=[tool])
    note = "`input` is free text and must conform to this lark grammar:\n\nstart: /a/"
    assert body["tools"][0]["description"] == f"Patches.\n\n{note}"
    assert warnings == [("emulated", "tools[0].format")]
    del tool["description"]
    assert responses(tools=[tool]).body["tools"][0]["description"] == note
    with pytest.raises(InvalidRequestError) as caught:
        responses(tools=[tool], strict=True)
    assert caught.value.details.param == "tools[0].format"


NO_SEARCH = {"web_search": False}


@pytest.mark.parametrize(
    ("hosted", "known"),
    [({"type": "web_search"}, NO_SEARCH), ({"type": "tool_search", "execution": "client"}, {})],
)
def test_a_search_among_other_tools_is_dropped(responses, hosted, known):
    """Codex offers both with every request."""
    tools = [{"type": "function", "name": "f", "parameters": SCHEMA}, hosted]
    body, warnings = responses(tools=tools, known=known)
    assert [tool["name"] for tool in body["tools"]] == ["f"]
    assert warnings == [("dropped", "tools[1]")]
    with pytest.raises(InvalidRequestError):
        responses(tools=tools, known=known, strict=True)


@pytest.mark.parametrize(
    "asked",
    [
        {"tools": [{"type": "web_search"}]},
        {
            "tools": [{"type": "function", "name": "f", "parameters": {}}, {"type": "web_search"}],
            "tool_choice": {"type": "web_search"},
        },
    ],
    ids=["alone", "chosen"],
)
def test_a_search_that_is_the_point_is_rejected(responses, asked):
    with pytest.raises(InvalidRequestError, match="web_search"):
        responses(**asked, known=NO_SEARCH)


@pytest.mark.parametrize("kind", ["file_search", "mcp", "code_interpreter", "computer", "shell"])
def test_other_hosted_tools_are_rejected(responses, kind):
    with pytest.raises(InvalidRequestError, match=kind) as caught:
        responses(tools=[{"type": kind}])
    assert caught.value.details.param == "tools[0]"


def test_legacy_functions_are_tools(chat):
    body, _ = chat(functions=[{"name": "f", "parameters": SCHEMA}], function_call={"name": "f"})
    assert body["tools"] == [{"name": "f", "input_schema": SCHEMA}]
    # The client's answer has room for one call.
    serial = {"disable_parallel_tool_use": True}
    assert body["tool_choice"] == {"type": "tool", "name": "f", **serial}
    body, _ = chat(functions=[{"name": "f", "parameters": SCHEMA}])
    assert body["tool_choice"] == {"type": "auto", **serial}


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        (function("f"), {"type": "tool", "name": "f"}),
    ],
)
def test_choices_are_mapped(chat, choice, written):
    body, warnings = chat(tools=[function()], tool_choice=choice)
    assert body["tool_choice"] == written
    assert warnings == []


def test_allowed_tools_are_the_only_ones_offered(chat):
    def allowed(mode):
        inner = {"mode": mode, "tools": [function("b")]}
        return {"type": "allowed_tools", "allowed_tools": inner}

    tools = [function("a"), function("b")]
    for mode, kind in (("auto", "auto"), ("required", "any")):
        body, _ = chat(tools=tools, tool_choice=allowed(mode))
        assert [tool["name"] for tool in body["tools"]] == ["b"]
        assert body["tool_choice"] == {"type": kind}
    body, _ = chat(tools=[function("a")], tool_choice=allowed("auto"))
    assert "tools" not in body
    assert "tool_choice" not in body
    with pytest.raises(InvalidRequestError, match="no such tool"):
        chat(tools=[function("a")], tool_choice=allowed("required"))


def test_allowed_hosted_tools_are_offered_too(responses):
    def offered(*entries):
        tools = [{"type": "web_search"}, {"type": "function", "name": "f", "parameters": {}}]
        choice = {"type": "allowed_tools", "mode": "auto", "tools": [*entries]}
        body, warnings = responses(tools=tools, tool_choice=choice)
        assert warnings == []
        return [tool["name"] for tool in body["tools"]]

    search, f = {"type": "web_search"}, {"type": "function", "name": "f"}
    assert offered(search, f) == ["web_search", "f"]
    assert offered(search) == ["web_search"]
    assert offered(f) == ["f"]


def test_a_hosted_choice_is_that_of_web_search_or_rejected(responses):
    body, _ = responses(tools=[{"type": "web_search"}], tool_choice={"type": "web_search"})
    assert body["tool_choice"] == {"type": "tool", "name": "web_search"}
    with pytest.raises(InvalidRequestError) as caught:
        responses(tools=[{"type": "web_search"}], tool_choice={"type": "mcp"})
    assert caught.value.details.param == "tool_choice"


def test_parallel_calls_are_turned_off_whatever_the_choice(chat):
    tools = [function()]
    off = {"disable_parallel_tool_use": True}
    body, _ = chat(tools=tools, parallel_tool_calls=False)
    assert body["tool_choice"] == {"type": "auto", **off}
    body, _ = chat(tools=tools, parallel_tool_calls=False, tool_choice="required")
    assert body["tool_choice"] == {"type": "any", **off}
    body, _ = chat(tools=tools, parallel_tool_calls=False, tool_choice="none")
    assert body["tool_choice"] == {"type": "none"}
    assert "tool_choice" not in chat(tools=tools, parallel_tool_calls=True).body
    assert "tool_choice" not in chat(parallel_tool_calls=False).body


def test_unknown_fields_of_tools_are_dropped(responses):
    tool = {"type": "function", "name": "f", "parameters": {}, "strict": None, "async": True}
    assert responses(tools=[tool]).warnings == [("dropped", "tools[0].async")]


def test_a_limit_of_hosted_calls_is_the_one_tools_own(responses):
    body, warnings = responses(tools=[{"type": "web_search"}], max_tool_calls=3)
    assert body["tools"] == [{**SEARCH, "max_uses": 3}]
    assert warnings == []
    tools = [{"type": "web_search"}, {"type": "web_search"}]
    assert responses(tools=tools, max_tool_calls=3).warnings == [("dropped", "max_tool_calls")]
    assert responses(max_tool_calls=3).warnings == []


@pytest.mark.parametrize(
    "choice",
    [
        "required",
        {"type": "function", "function": {"name": "f"}},
        {
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "required",
                "tools": [{"type": "function", "function": {"name": "f"}}],
            },
        },
    ],
)
def test_models_that_cannot_be_made_to_call_a_tool_reject_it(chat, choice):
    tools = [{"type": "function", "function": {"name": "f"}}]
    with pytest.raises(InvalidRequestError, match="cannot be made to") as caught:
        chat(tools=tools, tool_choice=choice, known={"forced_tools": False})
    assert caught.value.details.param == "tool_choice"


@pytest.mark.parametrize("choice", ["auto", "none"])
def test_any_model_may_choose_for_itself(chat, choice):
    tools = [{"type": "function", "function": {"name": "f"}}]
    body, _ = chat(tools=tools, tool_choice=choice, known={"forced_tools": False})
    assert body["tool_choice"]["type"] == choice
