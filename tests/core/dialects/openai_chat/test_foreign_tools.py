import pytest

CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
OPEN = {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {}}}
SEARCHES = "gpt-5-search-api"
F = {"type": "function", "name": "f", "parameters": OPEN}


def tool(name="f", schema=OPEN, **fields):
    return {"name": name, "input_schema": schema, **fields}


def test_functions_keep_their_schemas_whole(anthropic):
    body, warnings = anthropic(tools=[tool(description="d")])
    function = {"name": "f", "description": "d", "parameters": OPEN}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert warnings == []


def test_what_only_anthropic_knows_of_a_tool_is_dropped(anthropic):
    body, warnings = anthropic(tools=[tool(input_examples=[{"a": 1}])])
    assert body["tools"][0]["function"]["parameters"] == OPEN
    assert warnings == [("dropped", "tools[0].input_examples")]


def test_strict_only_for_schemas_that_are_fit_for_it(anthropic, responses):
    body, warnings = anthropic(tools=[tool("f", CLOSED, strict=True), tool("g", strict=True)])
    assert [it["function"]["strict"] for it in body["tools"]] == [True, False]
    assert warnings == [("dropped", "tools[1].strict")]
    body, _ = responses(tools=[{**F, "strict": False}])
    assert body["tools"][0]["function"]["strict"] is False


def test_custom_tools_with_their_grammars(responses):
    grammar = {"type": "grammar", "syntax": "lark", "definition": "x"}
    body, _ = responses(tools=[{"type": "custom", "name": "p", "format": grammar}])
    nested = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}
    assert body["tools"] == [{"type": "custom", "custom": {"name": "p", "format": nested}}]


def test_custom_tools_as_functions_of_a_text_for_servers_that_know_no_others(responses):
    grammar = {"type": "grammar", "syntax": "lark", "definition": "x"}
    tools = [{"type": "custom", "name": "p", "format": grammar}]
    called = {"type": "custom_tool_call", "call_id": "c", "name": "p", "input": 'say "x"'}
    result = {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"}
    turns = [{"role": "user", "content": "Hi"}, called, result]
    body, warnings = responses(tools=tools, input=turns, capabilities={"first_party": False})
    (tool,) = body["tools"]
    assert tool["function"]["parameters"]["required"] == ["input"]
    assert tool["function"]["description"].endswith("this lark grammar:\n\nx")
    call = body["messages"][1]["tool_calls"][0]
    assert (call["type"], call["function"]["arguments"]) == ("function", '{"input":"say \\"x\\""}')
    assert warnings == [("emulated", "tools[0].format")]


@pytest.mark.parametrize("kind", ["web_search", "tool_search"])
def test_a_search_among_other_tools_is_dropped(responses, refusal, kind):
    """Codex offers both with every request."""
    body, warnings = responses(tools=[F, {"type": kind}], model="gpt-5.6-sol")
    assert len(body["tools"]) == 1
    assert warnings == [("dropped", "tools[1]")]
    assert refusal(responses, tools=[{"type": kind}], model="gpt-5.6-sol") == "tools[0]"


def test_tools_are_called_by_their_places_in_the_clients_request(responses):
    """Those of a namespace stand inside one of its tools."""
    odd = {**F, "name": "h", "async": True}
    space = {"type": "namespace", "name": "n", "description": "d", "tools": [F, odd]}
    other = {**space, "name": "o", "tools": [odd]}
    _, warnings = responses(tools=[F, space, other, {**odd, "name": "g"}, {"type": "web_search"}])
    fields = ["tools[1].tools[1].async", "tools[2].tools[0].async", "tools[3].async", "tools[4]"]
    assert [it for _, it in warnings] == fields


def test_a_namespace_that_makes_one_name_of_two_is_refused(responses, refusal):
    space = {"type": "namespace", "name": "n", "description": "d", "tools": [F]}
    same = {**F, "name": f"n__{F['name']}"}
    assert refusal(responses, tools=[same, space]) == "tools[1].tools[0]"


def test_a_schema_that_does_not_say_its_type_is_an_objects(responses):
    open_tool = {**F, "parameters": {"properties": {"a": {}}}, "strict": False}
    body, _ = responses(tools=[open_tool])
    assert body["tools"][0]["function"]["parameters"] == {
        "type": "object",
        "properties": {"a": {}},
    }


def test_web_search_with_a_place(anthropic, responses):
    place = {"city": "Rome", "country": "IT"}
    search = {
        "type": "web_search_20250305",
        "name": "web_search",
        "user_location": {"type": "approximate", **place},
    }
    body, warnings = anthropic(tools=[search], model=SEARCHES)
    location = {"type": "approximate", "approximate": place}
    assert body["web_search_options"] == {"user_location": location}
    assert "tools" not in body
    assert warnings == []
    body, warnings = responses(
        tools=[{"type": "web_search", "search_context_size": "low", "external_web_access": True}],
        model=SEARCHES,
    )
    assert body["web_search_options"] == {"search_context_size": "low"}
    assert warnings == [("dropped", "tools[0].external_web_access")]


def test_no_search_of_the_live_web_is_made_of_one_that_is_not(responses, refusal):
    tool = {"type": "web_search", "external_web_access": False}
    assert refusal(responses, tools=[tool], model=SEARCHES) == "tools[0]"
    body, warnings = responses(tools=[tool, F], model=SEARCHES)
    assert "web_search_options" not in body
    assert warnings == [("dropped", "tools[0]")]


def test_a_search_that_must_be_made_is_made_by_a_model_that_always_searches(anthropic):
    """As Claude Code asks for its own web search."""
    search = {"type": "web_search_20250305", "name": "web_search"}
    body, warnings = anthropic(
        tools=[search], tool_choice={"type": "tool", "name": "web_search"}, model=SEARCHES
    )
    assert body["web_search_options"] == {}
    assert "tool_choice" not in body
    assert warnings == []


def test_filters_of_a_web_search_are_rejected(anthropic, responses, refusal):
    search = {"type": "web_search_20250305", "name": "web_search"}
    for key in ("allowed_domains", "blocked_domains"):
        tools = [{**search, key: ["a.b"]}]
        assert refusal(anthropic, tools=tools, model=SEARCHES) == f"tools[0].{key}"
    tools = [{"type": "web_search", "filters": {"allowed_domains": ["a.b"]}}]
    assert refusal(responses, tools=tools, model=SEARCHES) == "tools[0].filters"


def test_a_count_of_searches_is_dropped(anthropic):
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    assert anthropic(tools=[search], model=SEARCHES)[1] == [("dropped", "tools[0].max_uses")]


def test_models_without_web_search_reject_it(anthropic, refusal):
    search = {"type": "web_search_20250305", "name": "web_search"}
    assert refusal(anthropic, tools=[search], model="gpt-5.6-sol") == "tools[0]"


@pytest.mark.parametrize("kind", ["bash_20250124", "mcp_toolset", "code_execution_20250522"])
def test_other_vendors_tools_are_rejected(anthropic, refusal, kind):
    assert refusal(anthropic, tools=[tool(), {"type": kind, "name": "x"}]) == "tools[1]"


@pytest.mark.parametrize("kind", ["mcp", "file_search", "namespace", "computer"])
def test_hosted_tools_of_responses_are_rejected(responses, refusal, kind):
    assert refusal(responses, tools=[{"type": kind, "name": "n"}]) == "tools[0]"


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
    ],
)
def test_choices_of_anthropic(anthropic, choice, written):
    body, warnings = anthropic(tools=[tool()], tool_choice=choice)
    assert body["tool_choice"] == written
    assert "parallel_tool_calls" not in body
    assert warnings == []


def test_serial_calls(anthropic):
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    body, _ = anthropic(tools=[tool()], tool_choice=choice)
    assert body["parallel_tool_calls"] is False


def test_choices_of_responses(responses):
    custom = {"type": "custom", "name": "p"}
    tools = [F, custom]

    def choice(given):
        return responses(tools=tools, tool_choice=given)[0]["tool_choice"]

    named = {"type": "custom", "custom": {"name": "p"}}
    assert choice("required") == "required"
    assert choice(custom) == named
    allowed = {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [custom, {"type": "function", "name": "f"}],
    }
    assert choice(allowed) == {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [named, {"type": "function", "function": {"name": "f"}}],
        },
    }


def test_choices_of_what_is_not_there_are_rejected(anthropic, responses, refusal):
    choice = {"type": "tool", "name": "g"}
    assert refusal(anthropic, tools=[tool()], tool_choice=choice) == "tool_choice"
    choice = {"type": "web_search"}
    assert refusal(responses, tools=[F], tool_choice=choice) == "tool_choice"
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}
    assert refusal(responses, tools=[F], tool_choice=allowed) == "tool_choice.tools"


def test_fields_that_need_tools_are_left_out_without_any(responses):
    body, warnings = responses(tool_choice="auto", parallel_tool_calls=True)
    assert not {"tool_choice", "parallel_tool_calls", "tools"} & body.keys()
    assert warnings == []


def test_what_a_namespace_is_for_is_said_of_its_first_tool(responses):
    tools = [{"type": "function", "name": name, "description": "Adds."} for name in "fg"]
    space = {"type": "namespace", "name": "sums", "description": "For sums.", "tools": tools}
    body, _ = responses("hi", tools=[space])
    described = [(it["function"]["name"], it["function"]["description"]) for it in body["tools"]]
    assert described == [("sums__f", "For sums.\n\nAdds."), ("sums__g", "Adds.")]
