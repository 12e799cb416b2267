import msgspec
import pytest

from lunaroute_core.dialects.anthropic_messages.body_edits import edit_body
from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.errors import InvalidRequestError


def edited(body: object, **edits: object) -> object:
    return msgspec.json.decode(edit_body(msgspec.json.encode(body), BodyEdits(**edits)))


def text(words: str) -> dict:
    return {"type": "text", "text": words}


def test_what_no_edit_touches_stays_byte_for_byte():
    messages = b'[ {"role":"user", "content":"\\u00e9", "n":1.0} ]'
    thinking = b'{ "type" : "adaptive" }'
    body = b'{"messages":%b,"thinking":%b,"max_tokens":5}' % (messages, thinking)
    edits = BodyEdits(
        defaults={"max_tokens": 9, "thinking": {"type": "disabled"}},
        overrides={"max_tokens": 7},
    )
    assert edit_body(body, edits) == body.replace(b":5}", b":7}")


def test_defaults_go_under_and_overrides_over_deeply():
    body = {"model": "m", "metadata": {"user_id": "u"}, "stop_sequences": ["a"]}
    assert edited(
        body,
        defaults={"metadata": {"user_id": "d", "team": "t"}, "temperature": 0.5},
        overrides={"stop_sequences": ["b"], "output_config": {"effort": "low"}},
    ) == {
        "model": "m",
        "metadata": {"user_id": "u", "team": "t"},
        "stop_sequences": ["b"],
        "temperature": 0.5,
        "output_config": {"effort": "low"},
    }


def test_an_override_that_python_calls_equal_is_still_made():
    assert edit_body(b'{"stream":1}', BodyEdits(overrides={"stream": True})) == b'{"stream":true}'


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ({}, [text("A"), text("B")]),
        ({"system": None}, [text("A"), text("B")]),
        ({"system": ""}, [text("A"), text("B")]),
        ({"system": "Old"}, [text("A"), text("B"), text("Old")]),
        ({"system": [text("Old")]}, [text("A"), text("B"), text("Old")]),
    ],
)
def test_leading_instructions_come_before_the_system_prompt(system, expected):
    prepended = [{"role": "system", "content": "A"}, {"role": "developer", "content": [text("B")]}]
    assert edited({"messages": [], **system}, prepend_messages=prepended) == {
        "messages": [],
        "system": expected,
    }


def test_leading_turns_come_before_the_conversation_in_order():
    question = {"role": "user", "content": "Q"}
    answer = {"role": "assistant", "content": "A"}
    rule = {"role": "system", "content": "R"}
    last = {"role": "user", "content": "Now"}
    assert edited({"messages": [last]}, prepend_messages=[question, rule, answer]) == {
        "messages": [question, answer, last],
        "system": [text("R")],
    }


@pytest.mark.parametrize(
    ("body", "edits"),
    [
        (b"[]", {}),
        (b"{", {}),
        (b'{"system":5}', {"prepend_messages": [{"role": "system", "content": "A"}]}),
        (b'{"messages":5}', {"prepend_messages": [{"role": "user", "content": "A"}]}),
        (b'{"a":tru}', {"defaults": {"a": 1}}),
    ],
)
def test_a_body_that_cannot_be_edited_is_an_invalid_request(body, edits):
    with pytest.raises(InvalidRequestError):
        edit_body(body, BodyEdits(**edits))
