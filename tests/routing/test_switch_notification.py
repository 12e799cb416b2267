"""What the model is told when another provider answers."""

import json

import pytest
from attrs import evolve

from lunaroute_core import ErrorKind, Operation
from lunaroute_core.testing import chat_request, wire_request
from lunaroute_routing.switch_notification import SwitchNotification, switch_reason

PLAIN = SwitchNotification(default_message="${original_provider}>${new_provider}: ${reason}")
SWITCH = {"original": "openai", "new": "azure", "reason": "high demand"}
TOLD = {"role": "user", "content": "openai>azure: high demand"}
USER = {"role": "user", "content": "hi"}
SYSTEM = {"role": "system", "content": "Be kind."}
CHAT = b'{"model": "m-1", "messages": [{"role": "user", "content": "hi"}]}'


def sent(request):
    return json.loads(request.wire.body)


@pytest.mark.parametrize(
    ("dialect", "body", "expected"),
    [
        ("openai_chat", {"messages": [SYSTEM, USER]}, {"messages": [SYSTEM, TOLD, USER]}),
        (
            "openai_responses",
            {"input": [SYSTEM, USER]},
            {"input": [SYSTEM, {"type": "message", **TOLD}, USER]},
        ),
        (
            "openai_responses",
            {"input": "hi"},
            {"input": [{"type": "message", **TOLD}, {"type": "message", **USER}]},
        ),
        (
            "anthropic_messages",
            {"system": "Be kind.", "max_tokens": 9, "messages": [USER]},
            {"system": "Be kind.", "max_tokens": 9, "messages": [TOLD, USER]},
        ),
    ],
)
def test_it_stands_in_front_of_the_conversation(dialect, body, expected, refusals):
    request = wire_request(json.dumps({"model": "m", **body}).encode(), dialect=dialect)
    told = sent(PLAIN.apply(request, **SWITCH))
    assert told == {"model": "m", **expected}
    version = {"version": "2026-10-21"} if dialect == "anthropic_messages" else {}
    assert refusals(dialect, told, **version) == []
    assert sent(request) == {"model": "m", **body}


def test_what_the_client_wrote_keeps_its_bytes():
    history = b'{"role": "user",  "content": "\\u00e9", "n": 1.10e0}'
    request = wire_request(b'{"model": "m", "messages": [%b]}' % history)
    assert history in PLAIN.apply(request, **SWITCH).wire.body


def test_without_bytes_it_is_the_first_turn():
    request = chat_request("hi")
    told = PLAIN.apply(request, **SWITCH)
    assert [turn.blocks[0].text for turn in told.normalized.turns] == [TOLD["content"], "hi"]
    assert told.normalized.turns[0].role == "user"
    assert len(request.normalized.turns) == 1


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("${model} at ${new_provider}", "m-1 at azure"),
        ("${env.HOME} ${reasons} $reason ${ reason } $${reason}", None),
        ("no variables", "no variables"),
        ("${reason}", "high demand"),
    ],
)
def test_its_variables_are_filled_in_and_others_left(template, text):
    notification = SwitchNotification(default_message=template)
    told = sent(notification.apply(wire_request(CHAT), **SWITCH))["messages"][0]["content"]
    assert told == (text or "${env.HOME} ${reasons} $reason ${ reason } $high demand")


def test_a_name_that_looks_like_a_variable_is_not_filled_in_again():
    request = wire_request(CHAT.replace(b"m-1", b"${reason}"))
    notification = SwitchNotification(default_message="${model}!")
    assert sent(notification.apply(request, **SWITCH))["messages"][0]["content"] == "${reason}!"


def test_a_provider_may_have_a_message_of_its_own():
    notification = SwitchNotification(default_message="any", messages={"azure": "Azure here."})
    texts = [
        sent(notification.apply(wire_request(CHAT), original="a", new=new, reason="r"))
        for new in ("azure", "mock")
    ]
    assert [it["messages"][0]["content"] for it in texts] == ["Azure here.", "any"]


def test_the_default_asks_the_model_to_tell_the_user():
    told = SwitchNotification().apply(wire_request(CHAT), **SWITCH)
    text = sent(told)["messages"][0]["content"]
    assert text.startswith("IMPORTANT: Because of high demand at openai, ")
    assert "azure" in text
    assert "${" not in text
    assert SwitchNotification().apply(told, **SWITCH) is told


@pytest.mark.parametrize("own", [{}, {"mock": "Now it is ${new_provider}."}])
def test_it_is_never_there_twice(own):
    notification = evolve(PLAIN, messages=own)
    once = notification.apply(wire_request(CHAT), **SWITCH)
    again = notification.apply(once, original="azure", new="mock", reason="service maintenance")
    assert again is once
    turned = chat_request("hi")
    once = notification.apply(turned, **SWITCH)
    assert notification.apply(once, original="azure", new="mock", reason="r") is once


def test_a_text_that_only_begins_like_it_does_not_keep_it_away():
    notification = SwitchNotification(default_message="Note: ${reason} at ${new_provider}. Say so.")
    for text in (
        "Note: ",
        "Note: x at y. Say so. Then go on",
        "x Note: a at b. Say so.",
        "Say so.",
    ):
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]})
        request = wire_request(body.encode())
        assert len(sent(notification.apply(request, **SWITCH))["messages"]) == 2
    body = json.dumps(
        {"model": "m", "messages": [{"role": "user", "content": "Note: x at y. Say so."}]}
    )
    request = wire_request(body.encode())
    assert notification.apply(request, **SWITCH) is request


def test_the_beginning_and_the_end_of_a_message_are_not_the_same_letters():
    notification = SwitchNotification(default_message="aba${reason}ba")
    request = wire_request(CHAT.replace(b'"hi"', b'"aba"'))
    assert notification.apply(request, **SWITCH) is not request


@pytest.mark.parametrize(
    "operation", [Operation.COUNT_TOKENS, Operation.FORWARD, Operation.LIST_MODELS]
)
def test_what_has_no_answer_to_say_it_in_is_left_alone(operation):
    request = evolve(wire_request(CHAT), operation=operation)
    assert PLAIN.apply(request, **SWITCH) is request


@pytest.mark.parametrize(
    "body", [b'{"model":"m","messages":5}', b'{"model":"m","messages":[{"content":"\\ud83d"}]}']
)
def test_a_body_that_cannot_be_edited_goes_on_as_it_is(body):
    """It is the vendor's to refuse, and the message no reason to fail."""
    request = wire_request(body)
    assert PLAIN.apply(request, **SWITCH) is request


@pytest.mark.parametrize("body", [b'{"model":"m"}', b'{"model":"m","messages":[{"role":"user"}]}'])
def test_a_conversation_without_text_gets_it_too(body):
    assert sent(PLAIN.apply(wire_request(body), **SWITCH))["messages"][0] == TOLD


def test_it_goes_with_the_model_that_was_asked_for_last():
    told = PLAIN.apply(wire_request(CHAT).with_model("m-2"), **SWITCH)
    assert (told.model, sent(told)["model"]) == ("m-2", "m-2")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ErrorKind.RATE_LIMIT, "high demand"),
        (ErrorKind.OVERLOADED, "high demand"),
        (ErrorKind.BILLING, "a used-up quota"),
        (ErrorKind.SERVER, "a temporary service issue"),
        (ErrorKind.TIMEOUT, "a temporary service issue"),
        (ErrorKind.UNAVAILABLE, "a temporary service issue"),
        (None, "service maintenance"),
    ],
)
def test_reasons_are_words_for_users(error, reason):
    assert switch_reason(error) == reason
