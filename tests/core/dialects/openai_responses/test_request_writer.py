"""Requests that some layer changed after they were read."""

from lunaroute_core.model import FunctionTool, Message, TextBlock, ToolChoice


def test_a_changed_text_is_written_where_it_stood(decode, rewritten):
    items = [
        {"type": "message", "id": "m", "role": "user", "content": "my name is Bob"},
        {"role": "user", "content": [{"type": "input_text", "text": "I am Bob"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":"Bob"}'},
        {"type": "function_call_output", "call_id": "c", "output": "Bob"},
    ]
    request = decode({"instructions": "Help Bob.", "input": items})
    request.instructions[0].text = "Help X."
    for turn in request.turns:
        for block in turn.blocks:
            if isinstance(block, TextBlock):
                block.text = block.text.replace("Bob", "X")
    request.turns[2].blocks[0].raw_arguments = '{"a":"X"}'
    request.turns[3].blocks[0].blocks[0].text = "X"
    assert rewritten(request) == {
        "model": "gpt-5",
        "instructions": "Help X.",
        "input": [
            {"type": "message", "id": "m", "role": "user", "content": "my name is X"},
            {"role": "user", "content": [{"type": "input_text", "text": "I am X"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":"X"}'},
            {"type": "function_call_output", "call_id": "c", "output": "X"},
        ],
    }


def test_a_string_with_something_before_it_is_an_item(decode, rewritten):
    request = decode({"input": "a"})
    assert rewritten(request)["input"] == "a"
    request.turns.insert(0, Message(role="user", blocks=[TextBlock(text="before")]))
    assert [item["content"][0]["text"] for item in rewritten(request)["input"]] == ["before", "a"]


def test_instructions_that_are_added_are_the_field_or_an_item(decode, rewritten):
    request = decode({"input": "a"})
    request.instructions.append(TextBlock(text="one"))
    assert rewritten(request)["instructions"] == "one"
    request.instructions.append(TextBlock(text="two"))
    body = rewritten(request)
    assert body["instructions"] == "one"
    assert (body["input"][0]["role"], body["input"][0]["content"][0]["text"]) == (
        "developer",
        "two",
    )


def test_a_choice_that_was_not_read_is_written_in_this_dialects_form(decode, rewritten):
    request = decode({"input": "a"})
    request.tools = [FunctionTool(name="f", schema={"type": "object"}, strict=False)]
    named = {"type": "function", "name": "f"}
    for choice, written in (
        (ToolChoice(mode="named", names=["f"]), named),
        (ToolChoice(mode="required"), "required"),
        (
            ToolChoice(mode="allowed", names=["f"], required=True),
            {"type": "allowed_tools", "mode": "required", "tools": [named]},
        ),
    ):
        request.tool_choice = choice
        assert rewritten(request)["tool_choice"] == written


def test_what_stays_the_same_from_turn_to_turn_comes_first(decode, requests):
    from lunaroute_core.translation import Translation

    body = {"input": "a", "stream": True, "tools": [{"type": "web_search"}], "temperature": 1}
    raw = requests.encode(decode(body), Translation())
    places = [raw.index(f'"{key}":'.encode()) for key in ("tools", "temperature", "input")]
    assert places == sorted(places)
