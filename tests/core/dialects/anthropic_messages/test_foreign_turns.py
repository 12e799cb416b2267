import time

import msgspec
import pytest

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.translation import Translation


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text=None, *calls):
    return {"role": "assistant", "content": text, "tool_calls": [call(it) for it in calls] or None}


def call(call_id, arguments="{}"):
    function = {"name": "f", "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def result(call_id, text="ok"):
    return {"role": "tool", "tool_call_id": call_id, "content": text}


def text(*texts):
    return [{"type": "text", "text": it} for it in texts]


def answer(call_id, content="ok"):
    return {"type": "tool_result", "tool_use_id": call_id, "content": text(content)}


def roles(body):
    return [message["role"] for message in body["messages"]]


def test_leading_system_messages_are_system_blocks_in_order(chat):
    messages = [system("A"), {"role": "developer", "content": "B"}, user("Hi")]
    body, warnings = chat(messages=messages)
    assert body["system"] == text("A", "B")
    assert body["messages"] == [{"role": "user", "content": text("Hi")}]
    assert warnings == []


def test_instructions_come_before_the_leading_items(responses):
    items = [{"role": "developer", "content": "B"}, {"role": "user", "content": "Hi"}]
    body, _ = responses(instructions="A", input=items)
    assert body["system"] == text("A", "B")


def test_messages_of_one_side_are_merged_in_order(chat):
    body, warnings = chat(
        messages=[user("a"), user("b"), assistant("c"), assistant("d"), user("e")]
    )
    assert body["messages"] == [
        {"role": "user", "content": text("a", "b")},
        {"role": "assistant", "content": text("c", "d")},
        {"role": "user", "content": text("e")},
    ]
    assert warnings == []


def test_results_are_one_message_in_the_calls_order_before_the_users_text(chat):
    body, _ = chat(
        messages=[user("a"), assistant("b", "1", "2"), result("2", "B"), result("1"), user("c")]
    )
    assert body["messages"][2] == {
        "role": "user",
        "content": [answer("1"), answer("2", "B"), *text("c")],
    }


def test_a_text_between_a_call_and_its_result_comes_after_the_result(chat):
    body, _ = chat(messages=[user("a"), assistant(None, "1"), user("b"), result("1"), user("c")])
    assert body["messages"][2]["content"] == [answer("1"), *text("b", "c")]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([user("a"), assistant(None, "1", "2"), result("1")], "call '2' has no result"),
        ([user("a"), assistant(None, "1"), user("b")], "call '1' has no result"),
        ([user("a"), result("1")], "result for '1'"),
        ([user("a"), assistant(None, "1"), result("1"), assistant("b"), result("1")], "for '1'"),
        ([user("")], "no empty messages"),
        ([{"role": "user", "content": []}], "no empty messages"),
        ([system("a")], "needs a message of the user"),
        ([user("a"), assistant("b")], "does not continue"),
    ],
)
def test_a_conversation_that_anthropic_has_no_form_for_is_rejected(chat, messages, reason):
    with pytest.raises(InvalidRequestError, match=reason) as caught:
        chat(messages=messages)
    assert caught.value.details.param == "messages"


def test_a_responses_client_reads_the_name_of_its_own_field(responses):
    items = [{"type": "function_call_output", "call_id": "1", "output": "x"}]
    with pytest.raises(InvalidRequestError) as caught:
        responses(input=items)
    assert caught.value.details.param == "input"


def test_of_two_results_the_last_wins_with_a_warning(chat):
    messages = [user("a"), assistant(None, "1"), result("1", "old"), result("1", "new")]
    body, warnings = chat(messages=messages)
    assert body["messages"][2]["content"] == [answer("1", "new")]
    assert warnings == [("dropped", "messages")]


def test_an_emptied_message_of_the_assistant_is_left_out(chat):
    body, warnings = chat(messages=[user("a"), assistant(""), user("b")])
    assert body["messages"] == [{"role": "user", "content": text("a", "b")}]
    assert warnings == []


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([user("a"), system("S")], ["user", "system"]),
        (
            [user("a"), system("S"), assistant("b"), user("c")],
            ["user", "system", "assistant", "user"],
        ),
        (
            [user("a"), assistant("b", "1"), result("1"), system("S")],
            ["user", "assistant", "user", "system"],
        ),
    ],
)
def test_a_system_message_stays_where_it_is_legal(chat, messages, expected):
    body, warnings = chat(messages=messages)
    assert roles(body) == expected
    assert body["messages"][expected.index("system")]["content"] == text("S")
    assert "system" not in body
    assert warnings == []


def test_a_system_message_at_an_illegal_place_moves_after_the_users(chat):
    messages = [user("a"), system("S"), user("b"), assistant("c"), system("T"), user("d")]
    body, warnings = chat(messages=messages)
    assert roles(body) == ["user", "system", "assistant", "user", "system"]
    assert body["messages"][0]["content"] == text("a", "b")
    assert warnings == [("emulated", "messages")]


def test_a_system_message_after_the_last_answer_is_the_users_note(chat):
    body, warnings = chat(messages=[user("a"), assistant("b"), system("S")])
    assert body["messages"][2]["content"] == text("<operator_note>\nS\n</operator_note>")
    assert warnings == [("emulated", "messages")]


def test_an_older_model_gets_a_system_message_as_a_note_in_its_place(chat):
    messages = [system("A"), user("a"), system("S"), user("b"), assistant("c"), user("d")]
    body, warnings = chat(messages=messages, known={"mid_conversation_system": False})
    assert body["system"] == text("A")
    assert body["messages"][0]["content"] == text("a", "<operator_note>\nS\n</operator_note>", "b")
    assert warnings == [("emulated", "messages")]


@pytest.mark.parametrize("known", [{}, {"mid_conversation_system": False}])
def test_a_longer_conversation_begins_as_the_shorter_one(chat, known):
    messages = [user("a"), system("S"), user("b"), assistant("c"), user("d"), assistant("e")]
    whole, _ = chat(messages=[*messages, user("f")], known=known)
    part, _ = chat(messages=messages[:3], known=known)
    assert whole["messages"][: len(part["messages"])] == part["messages"]


def test_an_answer_to_be_continued_loses_its_last_white_space(chat):
    body, _ = chat(messages=[user("a"), assistant("The answer: \n")], known={"prefill": True})
    assert body["messages"][1]["content"] == text("The answer:")


def test_names_and_phases_are_dropped(chat, responses):
    _, warnings = chat(messages=[{**user("a"), "name": "Ann"}])
    assert warnings == [("dropped", "messages[].name")]
    items = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "phase": "commentary"},
        {"role": "user", "content": "c"},
    ]
    _, warnings = responses(input=items)
    assert warnings == [("dropped", "input[].phase")]


def test_a_result_that_names_its_tool_says_nothing_new(chat):
    messages = [user("a"), assistant(None, "1"), {**result("1"), "name": "f"}]
    assert chat(messages=messages, strict=True).warnings == []
    older = [
        user("a"),
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "ok"},
    ]
    assert chat(messages=older, strict=True).warnings == []


def test_system_messages_hold_text_only(chat):
    image = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
    with pytest.raises(InvalidRequestError, match="system content must be text"):
        chat(messages=[{"role": "system", "content": [image]}, user("a")])


def test_strict_translation_refuses_a_note(chat):
    with pytest.raises(InvalidRequestError, match="operator's note"):
        chat(
            messages=[user("a"), system("S")],
            known={"mid_conversation_system": False},
            strict=True,
        )


def test_two_calls_of_one_id_are_rejected(chat):
    with pytest.raises(InvalidRequestError, match="two calls"):
        chat(messages=[user("a"), assistant(None, "1", "1"), result("1")])


def test_time_is_linear_in_the_number_of_calls():
    def seconds(count):
        ids = [str(number) for number in range(count)]
        messages = [user("a"), assistant(None, *ids), *map(result, ids)]
        request = DIALECTS["openai_chat"].requests.decode(
            msgspec.json.encode({"model": "m", "messages": messages})
        )
        best = []
        for _ in range(3):
            began = time.perf_counter()
            ANTHROPIC_MESSAGES.requests.encode(request, Translation())
            best.append(time.perf_counter() - began)
        return min(best)

    assert seconds(2000) < seconds(250) * 8 * 4
