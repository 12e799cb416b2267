IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}}
URL = "data:image/png;base64,QQ=="
OTHER = "llama-4"


def text(words, **fields):
    return {"type": "text", "text": words, **fields}


def use(number, **fields):
    return {"type": "tool_use", "id": f"toolu_{number}", "name": "f", "input": {}, **fields}


def result(number, content="done", **fields):
    block = {"type": "tool_result", "tool_use_id": f"toolu_{number}", **fields}
    return block if content is None else {**block, "content": content}


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def message(role, *words):
    parts = [{"type": "input_text", "text": word} for word in words]
    return {"type": "message", "role": role, "content": parts}


def said(words):
    return {"type": "message", "role": "assistant", "content": words}


def kinds(body):
    return [item.get("role", item["type"]) for item in body["input"]]


def outputs(body):
    return [item["output"] for item in body["input"] if "output" in item]


def test_leading_system_blocks_are_one_developer_message_with_its_parts(anthropic, chat):
    body, warnings = anthropic(system=[text("a"), text("b")])
    assert body["input"] == [message("developer", "a", "b"), message("user", "hi")]
    assert "instructions" not in body
    assert warnings == []
    turns = [{"role": "system", "content": "a"}, {"role": "developer", "content": "b"}]
    body, _ = chat([*turns, {"role": "user", "content": "hi"}])
    assert body["input"] == [message("developer", "a", "b"), message("user", "hi")]


def test_a_system_string_is_the_instructions(anthropic):
    body, warnings = anthropic(system="be kind")
    assert body["instructions"] == "be kind"
    assert body["input"] == [message("user", "hi")]
    assert warnings == []
    assert "instructions" not in anthropic(system="")[0]


def test_a_lone_system_block_is_an_item(anthropic, chat):
    for body, _ in (
        anthropic(system=[text("a")]),
        chat([{"role": "system", "content": "a"}, {"role": "user", "content": "hi"}]),
    ):
        assert "instructions" not in body
        assert body["input"][0] == message("developer", "a")


def test_compatible_servers_get_a_system_message(anthropic):
    body, _ = anthropic(system=[text("a")], model=OTHER)
    assert body["input"][0] == message("system", "a")


def test_later_system_messages_stay_in_their_place(anthropic):
    turns = [
        user(text("a")),
        {"role": "system", "content": "B"},
        assistant(text("c")),
        user(text("d")),
    ]
    body, warnings = anthropic(turns, system=[text("A")])
    assert kinds(body) == ["developer", "user", "developer", "assistant", "user"]
    longer, _ = anthropic([*turns, assistant(text("e")), user(text("f"))], system=[text("A")])
    assert longer["input"][: len(body["input"])] == body["input"]
    assert warnings == []


def test_where_none_may_stand_between_they_are_operators_notes(anthropic):
    turns = [user(text("a")), {"role": "system", "content": "B"}]
    body, warnings = anthropic(turns, capabilities={"mid_conversation_system": False})
    note = "<operator_note>\nB\n</operator_note>"
    assert body["input"] == [message("user", "a"), message("user", note)]
    assert warnings == [("emulated", "messages")]


def test_results_come_before_what_the_user_says_with_them(anthropic):
    body, warnings = anthropic(
        [
            user(text("go")),
            assistant(text("ok"), use(1), use(2)),
            user(text("text1"), result(1, "one"), result(2, "two"), text("text2")),
        ],
        model="gpt-4o",
    )
    assert body["input"] == [
        message("user", "go"),
        said("ok"),
        {"type": "function_call", "call_id": "toolu_1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "toolu_2", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "toolu_1", "output": "one"},
        {"type": "function_call_output", "call_id": "toolu_2", "output": "two"},
        message("user", "text1", "text2"),
    ]
    assert warnings == []


def test_each_text_of_an_assistant_is_a_message(anthropic):
    """Lists of an assistant's parts are only for messages that OpenAI gave an id."""
    body, _ = anthropic([user(text("a")), assistant(text("b"), text("c")), user(text("d"))])
    assert body["input"][1:3] == [said("b"), said("c")]


def test_an_assistant_that_only_calls_says_nothing(chat):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    for content in ("", None):
        turns = [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": content, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "name": "f", "content": "b"},
        ]
        body, warnings = chat(turns)
        assert kinds(body) == ["user", "function_call", "function_call_output"]
        assert warnings == []


def test_results_hold_images_and_files(anthropic):
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "QQ=="}
    content = [text("see"), IMAGE, {"type": "document", "source": pdf, "title": "a.pdf"}]
    body, warnings = anthropic([user(text("a")), assistant(use(1)), user(result(1, content))])
    assert outputs(body) == [
        [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": URL, "detail": "auto"},
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,QQ==",
            },
        ]
    ]
    assert warnings == []


def output_of(anthropic, *results, **fields):
    calls = [use(number + 1) for number in range(len(results))]
    body, warnings = anthropic([user(text("a")), assistant(*calls), user(*results)], **fields)
    return outputs(body), warnings


def test_an_error_is_said_before_the_text(anthropic):
    emulated = [("emulated", "messages")]
    failed = result(1, "no file", is_error=True)
    assert output_of(anthropic, failed, model=OTHER) == (["[tool_error] no file"], emulated)
    shown = result(1, [IMAGE], is_error=True)
    (parts,), _ = output_of(anthropic, shown)
    assert parts[0] == {"type": "input_text", "text": "[tool_error]"}
    assert parts[1]["type"] == "input_image"
    nothing = result(1, None, is_error=True)
    assert output_of(anthropic, nothing, model=OTHER) == (["[tool_error]"], emulated)


def test_an_empty_result_is_an_empty_text(anthropic):
    assert output_of(anthropic, result(1, None), model=OTHER) == ([""], [])


def test_a_chat_message_may_say_that_its_tool_failed(chat):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "b", "is_error": True},
    ]
    assert outputs(chat(turns, model=OTHER)[0]) == ["[tool_error] b"]


def test_names_of_participants_are_dropped(chat):
    body, warnings = chat([{"role": "user", "content": "a", "name": "Bob"}])
    assert body["input"] == [message("user", "a")]
    assert warnings == [("dropped", "messages[].name")]


def test_a_last_message_of_the_assistant_is_history_only_for_chat_clients(anthropic, chat, refusal):
    turns = [user(text("a")), assistant(text("{"))]
    assert refusal(anthropic, turns) == "messages"
    assert kinds(chat(turns)[0]) == ["user", "assistant"]
    body, _ = anthropic(turns, capabilities={"prefill": True})
    assert body["input"][-1] == said("{")


def test_files_of_an_assistant_are_rejected(anthropic, refusal):
    turns = [user(text("a")), assistant(IMAGE), user(text("b"))]
    assert refusal(anthropic, turns) == "messages"


def test_system_content_must_be_text(anthropic, refusal):
    assert refusal(anthropic, system=[IMAGE]) == "system"
    turns = [user(text("a")), {"role": "system", "content": [IMAGE]}]
    assert refusal(anthropic, turns) == "messages"


def test_what_vendors_tools_answer_to_a_user_is_rejected(anthropic, refusal):
    block = {"type": "code_execution_tool_result", "tool_use_id": "s", "content": {}}
    assert refusal(anthropic, [user(block)]) == "messages"


def test_servers_that_need_a_users_message_get_one(anthropic):
    turns = [{"role": "system", "content": "b"}, assistant(text("a"))]
    needing = {"needs_user_turn": True, "prefill": True}
    body, _ = anthropic(turns, capabilities=needing)
    assert kinds(body) == ["user", "developer", "assistant"]
    assert kinds(anthropic(turns, capabilities={"prefill": True})[0]) == ["developer", "assistant"]


def test_turns_that_say_nothing_are_left_out(anthropic):
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
    turns = [user(text("a")), {"role": "system", "content": []}, assistant(thinking)]
    body, warnings = anthropic([*turns, user(text("b"))])
    assert kinds(body) == ["user", "user"]
    assert warnings == [("dropped", "messages[].reasoning")]


def test_the_name_of_who_instructs_is_said_to_be_lost(chat):
    _, warnings = chat(
        [{"role": "system", "content": "a", "name": "n"}, {"role": "user", "content": "b"}]
    )
    assert warnings == [("dropped", "messages[].name")]
