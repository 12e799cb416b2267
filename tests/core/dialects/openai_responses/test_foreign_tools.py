import pytest

from lunaroute_core.answer_stages import ClientTool, ToolRestoration

CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
OPEN = {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {}}}
F = {"type": "function", "function": {"name": "f", "parameters": OPEN}}
P = {"type": "custom", "custom": {"name": "p"}}


def tool(name="f", schema=OPEN, **fields):
    return {"name": name, "input_schema": schema, **fields}


def test_functions_keep_their_schemas_whole(anthropic, chat):
    written = {"type": "function", "name": "f", "parameters": OPEN, "strict": False}
    body, warnings = anthropic(tools=[tool(description="d")])
    assert body["tools"] == [{**written, "description": "d"}]
    assert warnings == []
    assert chat(tools=[F])[0]["tools"] == [written]
    assert chat(functions=[F["function"]])[0]["tools"] == [written]


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        {"type": "object"},
        {"$ref": "#/$defs/a", "$defs": {"a": CLOSED}},
        {"anyOf": [CLOSED]},
    ],
)
def test_a_schema_always_says_that_it_is_an_objects(chat, schema):
    given = {} if schema is None else {"parameters": schema}
    body, _ = chat(tools=[{"type": "function", "function": {"name": "f", **given}}])
    object_of_nothing = {"type": "object", "properties": {}}
    assert body["tools"][0]["parameters"] == {**object_of_nothing, **(schema or {})}


def test_what_only_anthropic_knows_of_a_tool_is_dropped(anthropic):
    body, warnings = anthropic(tools=[tool(input_examples=[{"a": 1}])])
    assert body["tools"][0]["parameters"] == OPEN
    assert warnings == [("dropped", "tools[0].input_examples")]


def test_anthropics_tools_are_strict_only_with_schemas_that_are_fit_for_it(anthropic):
    tools = [tool("f", CLOSED, strict=True), tool("g", strict=True), tool("h", CLOSED)]
    body, warnings = anthropic(tools=tools)
    assert [it["strict"] for it in body["tools"]] == [True, False, False]
    assert [it["parameters"] for it in body["tools"]] == [CLOSED, OPEN, CLOSED]
    assert warnings == [("dropped", "tools[1].strict")]


@pytest.mark.parametrize(
    ("said", "strict"), [({"strict": True}, True), ({"strict": None}, False), ({}, False)]
)
def test_chats_tools_are_as_strict_as_they_were(chat, said, strict):
    function = {"name": "f", "parameters": CLOSED, **said}
    body, warnings = chat(tools=[{"type": "function", "function": function}])
    assert body["tools"][0]["strict"] is strict
    assert warnings == []


def test_custom_tools_with_their_grammars(chat):
    grammar = {"syntax": "lark", "definition": "x"}
    given = {"name": "p", "description": "d", "format": {"type": "grammar", "grammar": grammar}}
    body, warnings = chat(tools=[{"type": "custom", "custom": given}])
    flat = {"type": "grammar", **grammar}
    assert body["tools"] == [{"type": "custom", "name": "p", "description": "d", "format": flat}]
    assert warnings == []


@pytest.mark.parametrize("kind", ["bash_20250124", "memory_20250818", "code_execution_20250522"])
def test_other_vendors_tools_are_rejected(anthropic, refusal, kind):
    assert refusal(anthropic, tools=[tool(), {"type": kind, "name": "x"}]) == "tools[1]"


def test_unknown_tools_of_chat_are_rejected(chat, refusal):
    assert refusal(chat, tools=[{"type": "new"}]) == "tools[0]"


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "f"}, {"type": "function", "name": "f"}),
    ],
)
def test_choices_of_anthropic(anthropic, choice, written):
    body, warnings = anthropic(tools=[tool()], tool_choice=choice)
    assert body["tool_choice"] == written
    assert "parallel_tool_calls" not in body
    assert warnings == []


def test_serial_calls(anthropic, chat):
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    body, _ = anthropic(tools=[tool()], tool_choice=choice)
    assert body["parallel_tool_calls"] is False
    assert chat(tools=[F], parallel_tool_calls=True)[0]["parallel_tool_calls"] is True
    # The answer to a client with functions has room for one call.
    assert chat(functions=[F["function"]])[0]["parallel_tool_calls"] is False


def test_choices_of_chat(chat):
    def choice(given):
        return chat(tools=[F, P], tool_choice=given)[0]["tool_choice"]

    assert choice("required") == "required"
    assert choice({"type": "function", "function": {"name": "f"}}) == {
        "type": "function",
        "name": "f",
    }
    assert choice(P) == {"type": "custom", "name": "p"}


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_allowed_tools_of_chat_are_named_without_nesting(chat, mode):
    allowed = {"mode": mode, "tools": [P, {"type": "function", "function": {"name": "f"}}]}
    choice = {"type": "allowed_tools", "allowed_tools": allowed}
    body, warnings = chat(tools=[F, P], tool_choice=choice)
    assert body["tool_choice"] == {
        "type": "allowed_tools",
        "mode": mode,
        "tools": [{"type": "custom", "name": "p"}, {"type": "function", "name": "f"}],
    }
    assert len(body["tools"]) == 2
    assert warnings == []


def test_a_function_call_of_chats_older_form(chat):
    function = F["function"]
    body, _ = chat(functions=[function], function_call={"name": "f"})
    assert body["tool_choice"] == {"type": "function", "name": "f"}


def test_a_search_that_must_be_made_is_the_only_tool_allowed(anthropic):
    """Claude Code has the web searched so; a choice has no other name for a hosted tool."""
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    choice = {"type": "tool", "name": "web_search"}
    body, warnings = anthropic(tools=[search, tool()], tool_choice=choice, model="gpt-5.5")
    assert body["tool_choice"] == {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "web_search"}],
    }
    assert warnings == []


def test_choices_of_what_is_not_there_are_rejected(anthropic, chat, refusal):
    choice = {"type": "tool", "name": "g"}
    assert refusal(anthropic, tools=[tool()], tool_choice=choice) == "tool_choice"
    assert refusal(anthropic, tool_choice={"type": "any"}) == "tool_choice"
    assert refusal(chat, tools=[F], tool_choice={"type": "new"}) == "tool_choice"


def test_fields_that_need_tools_are_left_out_without_any(chat, anthropic):
    body, warnings = chat(tool_choice="auto", parallel_tool_calls=True)
    assert not {"tool_choice", "parallel_tool_calls", "tools"} & body.keys()
    assert warnings == []
    assert "tool_choice" not in anthropic(tool_choice={"type": "none"})[0]


def test_names_that_do_not_fit_are_given_back_in_the_answer(translated):
    names = ["mcp.server:tool", "f"]
    fields = {
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [tool(name) for name in names],
    }
    body, translation = translated("anthropic_messages", fields, "gpt-5.6-sol")
    sent = body["tools"][0]["name"]
    (stage,) = translation.stages
    assert stage == ToolRestoration(tools={sent: ClientTool(name=names[0])})


def test_free_form_tools_stay_what_they_are(translated):
    fields = {"messages": [{"role": "user", "content": "hi"}], "tools": [P]}
    assert translated("openai_chat", fields, "gpt-5.6-sol")[1].stages == []
