IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}}
URL = "data:image/png;base64,QQ=="


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


def roles(body):
    return [message["role"] for message in body["messages"]]


def test_leading_system_blocks_are_one_developer_message_with_its_parts(anthropic):
    body, warnings = anthropic(system=[text("a"), text("b")])
    assert body["messages"][0] == {"role": "developer", "content": [text("a"), text("b")]}
    assert warnings == []


def test_a_system_string_stays_a_string(anthropic):
    body, _ = anthropic(system="be kind")
    assert body["messages"][0] == {"role": "developer", "content": "be kind"}


def test_compatible_servers_get_a_system_message(anthropic):
    body, _ = anthropic(system="be kind", model="llama-4")
    assert body["messages"][0] == {"role": "system", "content": "be kind"}


def test_instructions_come_before_leading_items(responses):
    items = [
        {"role": "developer", "content": "b"},
        {"role": "system", "content": [{"type": "input_text", "text": "c"}]},
        {"role": "user", "content": "hi"},
    ]
    body, warnings = responses(items, instructions="a")
    assert body["messages"] == [
        {"role": "developer", "content": [text("a"), text("b"), text("c")]},
        {"role": "user", "content": "hi"},
    ]
    assert warnings == []


def test_later_system_messages_stay_in_their_place(anthropic):
    turns = [
        user(text("a")),
        {"role": "system", "content": "B"},
        assistant(text("c")),
        user(text("d")),
    ]
    body, _ = anthropic(turns, system="A")
    assert roles(body) == ["developer", "user", "developer", "assistant", "user"]
    longer, _ = anthropic([*turns, assistant(text("e")), user(text("f"))], system="A")
    assert longer["messages"][: len(body["messages"])] == body["messages"]


def test_where_none_may_stand_between_they_are_operators_notes(anthropic):
    turns = [user(text("a")), {"role": "system", "content": "B"}]
    body, warnings = anthropic(turns, capabilities={"mid_conversation_system": False})
    assert body["messages"][-1] == {
        "role": "user",
        "content": "<operator_note>\nB\n</operator_note>",
    }
    assert warnings == [("emulated", "messages")]


def test_results_follow_their_calls_in_order_and_texts_come_after(anthropic):
    body, warnings = anthropic(
        [
            user(text("go")),
            assistant(text("ok"), use(1), use(2)),
            user(text("text1"), result(2, "two"), result(1, "one"), text("text2")),
        ]
    )
    assert roles(body) == ["user", "assistant", "tool", "tool", "user"]
    assert [it.get("content") for it in body["messages"][2:4]] == ["one", "two"]
    assert body["messages"][4]["content"] == [text("text1"), text("text2")]
    assert warnings == []


def test_a_turn_of_nothing_but_calls_has_no_content(anthropic):
    body, _ = anthropic([user(text("go")), assistant(use(1)), user(result(1))])
    assert body["messages"][1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        ],
    }


def test_results_given_later_are_moved_to_their_calls(responses):
    items = [
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"role": "user", "content": "well?"},
        {"type": "function_call_output", "call_id": "a", "output": "done"},
    ]
    body, _ = responses(items)
    assert roles(body) == ["assistant", "tool", "user"]


def test_a_used_id_may_be_used_again(responses):
    def call_and_output(word):
        return [
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "a", "output": word},
        ]

    body, _ = responses([*call_and_output("one"), *call_and_output("two")])
    contents = [it["content"] for it in body["messages"] if it["role"] == "tool"]
    assert contents == ["one", "two"]


def test_of_two_results_for_a_call_the_last_counts(anthropic):
    turns = [user(text("a")), assistant(use(1)), user(result(1, "old"), result(1, "new"))]
    body, warnings = anthropic(turns)
    assert body["messages"][2]["content"] == "new"
    assert warnings == [("dropped", "messages")]


def test_calls_without_results_and_results_without_calls_are_rejected(
    anthropic, responses, refusal
):
    assert refusal(anthropic, [assistant(use(1)), user(text("a"))]) == "messages"
    assert refusal(anthropic, [user(result(1))]) == "messages"
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
    assert refusal(responses, [call]) == "input"


def test_a_last_message_of_the_assistant_is_history_only_for_responses_clients(
    anthropic, responses, refusal
):
    assert refusal(anthropic, [user(text("a")), assistant(text("{"))]) == "messages"
    items = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert roles(responses(items)[0]) == ["user", "assistant"]


def test_models_that_continue_get_what_is_to_be_continued(anthropic):
    turns = [user(text("a")), assistant(text("{"))]
    body, _ = anthropic(turns, capabilities={"prefill": True})
    assert body["messages"][-1] == {"role": "assistant", "content": "{"}


def test_files_in_results_follow_after_the_last_result(anthropic):
    body, warnings = anthropic(
        [
            user(text("go")),
            assistant(use(1), use(2)),
            user(result(1, [text("see"), IMAGE]), result(2, [IMAGE]), text("so?")),
        ]
    )
    label = "[image 1, from the result of f (toolu_1)"
    assert roles(body) == ["user", "assistant", "tool", "tool", "user"]
    assert body["messages"][2]["content"] == [
        text("see"),
        text(f"{label}: in the user message after the tool results]"),
    ]
    assert body["messages"][4]["content"] == [
        text(f"{label}]"),
        {"type": "image_url", "image_url": {"url": URL}},
        text("[image 2, from the result of f (toolu_2)]"),
        {"type": "image_url", "image_url": {"url": URL}},
        text("so?"),
    ]
    assert warnings == [("emulated", "messages")]


def test_files_in_results_do_not_mix_with_a_users_own_message(responses):
    output = [{"type": "input_image", "image_url": URL}]
    items = [
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": output},
        {"role": "assistant", "content": "nice"},
        {"role": "user", "content": "so?"},
    ]
    body, _ = responses(items)
    assert roles(body) == ["assistant", "tool", "user", "assistant", "user"]


def test_an_assistant_left_without_content_is_left_out(anthropic):
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
    body, warnings = anthropic([user(text("a")), assistant(thinking), user(text("b"))])
    assert roles(body) == ["user", "user"]
    assert warnings == [("dropped", "messages[].reasoning")]


def test_files_of_an_assistant_are_rejected(responses, refusal):
    part = {"type": "input_image", "image_url": URL}
    assert refusal(responses, [{"role": "assistant", "content": [part]}]) == "input"


def test_phases_are_dropped(responses):
    items = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "phase": "commentary"},
    ]
    assert responses(items)[1] == [("dropped", "input[].phase")]


def test_servers_that_need_a_users_message_get_one(responses):
    items = [{"role": "system", "content": "a"}, {"role": "assistant", "content": "b"}]
    body, _ = responses(items, capabilities={"needs_user_turn": True})
    assert roles(body) == ["developer", "user", "assistant"]
    assert roles(responses(items)[0]) == ["developer", "assistant"]


def test_system_content_must_be_text(responses, refusal):
    part = {"type": "input_image", "image_url": URL}
    user_message = {"role": "user", "content": "a"}
    items = [user_message, {"role": "system", "content": [part]}]
    assert refusal(responses, items) == "input"


def test_what_other_vendors_tools_answered_to_clients_is_rejected(responses, refusal):
    item = {"type": "computer_call_output", "call_id": "a", "output": {}}
    assert refusal(responses, [item]) == "input"


def test_files_in_a_late_result_come_before_what_was_said_meanwhile(responses):
    output = [{"type": "input_image", "image_url": URL}]
    items = [
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"role": "user", "content": "well?"},
        {"type": "function_call_output", "call_id": "a", "output": output},
    ]
    body, _ = responses(items)
    assert roles(body) == ["assistant", "tool", "user", "user"]
    assert body["messages"][3]["content"] == "well?"


def test_a_system_message_that_says_nothing_is_left_out(anthropic):
    body, _ = anthropic([user(text("a")), {"role": "system", "content": []}])
    assert roles(body) == ["user"]


def test_a_result_in_an_assistants_turn_is_rejected(anthropic, refusal):
    turns = [user(text("a")), assistant(result(1)), user(text("b"))]
    assert refusal(anthropic, turns) == "messages"


def test_a_call_in_a_users_turn_is_rejected(anthropic, refusal):
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    assert refusal(anthropic, [user(text("a"), call)]) == "messages"


def test_who_else_made_a_call_is_said_to_be_lost(anthropic):
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    program = {"type": "code_execution_20260120", "tool_id": "t"}
    answered = user({"type": "tool_result", "tool_use_id": "a", "content": "x"})
    _, warnings = anthropic([user(text("a")), assistant({**call, "caller": program}), answered])
    assert warnings == [("dropped", "messages[].content[].caller")]
    direct = {"type": "direct"}
    _, warnings = anthropic([user(text("a")), assistant({**call, "caller": direct}), answered])
    assert warnings == []


def test_what_a_result_says_besides_is_said_to_be_lost(responses):
    items = [
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "name": "f", "output": "x", "new": 1},
    ]
    _, warnings = responses(items)
    assert warnings == [("dropped", "input[].content[].new")]
