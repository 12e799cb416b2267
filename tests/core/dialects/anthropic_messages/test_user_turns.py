"""Whose texts they are, in conversations as Claude Code sends them."""

import json

import pytest

from lunaroute_core.dialects.anthropic_messages.requests import MessagesRequests
from lunaroute_core.errors import InvalidRequestError

REQUESTS = MessagesRequests()


def text(value, **more):
    return {"type": "text", "text": value, **more}


def result(value="ok"):
    return {"type": "tool_result", "tool_use_id": "toolu_1", "content": value}


def user(*content):
    return {"role": "user", "content": list(content)}


CALL = {
    "role": "assistant",
    "content": [
        text("I look."),
        {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {}},
    ],
}
REMINDER = text("<system-reminder>\nTodo.\n</system-reminder>")
SYSTEM = {"role": "system", "content": "Mid-conversation."}


def body_of(*messages, **more):
    fields = {"model": "m", "system": [text("Be kind.")], "messages": messages, **more}
    return json.dumps(fields).encode()


def turns_of(body):
    return [
        ([json.loads(body[at.start - 1 : at.end + 1]) for at in turn.texts], turn.has_results)
        for turn in REQUESTS.user_turns(body)
    ]


def test_texts_are_the_users_wherever_they_stand_in_its_messages_and_nobody_elses():
    image = {"type": "image", "source": {"type": "url", "url": "https://x"}}
    document = {"type": "document", "source": {"type": "text", "media_type": "t", "data": "d"}}
    body = body_of(
        {"role": "user", "content": "as a string"},
        SYSTEM,
        CALL,
        user(result([text("inside a result")]), REMINDER),
        CALL,
        user(result()),
        user(text("a", cache_control={"type": "ephemeral"}), image, document, text("b")),
        user(image),
        tools=[{"name": "t", "input_schema": {"messages": [{"role": "user", "content": "x"}]}}],
    )
    assert turns_of(body) == [
        (["as a string"], False),
        ([REMINDER["text"]], True),
        ([], True),
        (["a", "b"], False),
        ([], False),
    ]


@pytest.mark.parametrize(
    ("messages", "continues"),
    [
        ([user(text("hi"))], False),
        ([user(text("hi")), CALL, user(result())], True),
        ([user(text("hi")), CALL, user(result(), REMINDER)], True),
        ([user(text("hi")), CALL, user(result(), text("No, do that instead."))], True),
        ([user(text("hi")), CALL, user(result()), SYSTEM], True),
        ([user(text("hi")), CALL, user(result()), {"role": "assistant", "content": "{"}], True),
        ([user(text("hi")), CALL, user(result()), CALL, user(text("next"))], False),
        ([user(text("hi")), CALL, user(result()), user(text("next"))], False),
        ([{"role": "user", "content": "tool_result"}], False),
        ([], False),
    ],
)
def test_a_tool_loop_goes_on_while_results_are_handed_back(messages, continues):
    body = body_of(*messages)
    assert REQUESTS.continues_tool_loop(body) is continues
    if messages:
        assert REQUESTS.decode(body).continues_tool_loop is continues


def test_what_is_malformed_is_no_text():
    body = b"""{"messages": [5, null, "user", {"role": 5, "content": "a"}, {"role": "user"},
        {"role": "user", "content": {"type": "text", "text": "b"}},
        {"role": "user", "content": [5, {"text": "c"}, {"type": "text"}, {"type": "text", "text": 6}]},
        {"role": "us\\u0065r", "content": [{"type": "t\\u0065xt", "text": "d"}]}]}"""
    assert turns_of(body) == [([], False), ([], False), ([], False), (["d"], False)]
    assert not REQUESTS.continues_tool_loop(body)


@pytest.mark.parametrize("messages", [b"5", b'"text"', b"{}", b"true"])
@pytest.mark.parametrize("verb", ["user_turns", "continues_tool_loop"])
def test_messages_that_are_no_array_are_named(verb, messages):
    with pytest.raises(InvalidRequestError) as caught:
        getattr(REQUESTS, verb)(b'{"messages": %b}' % messages)
    assert caught.value.details.param == "messages"


@pytest.mark.parametrize("body", [b"{}", b'{"messages": null}', b'{"messages": []}'])
def test_without_messages_there_are_no_turns(body):
    assert REQUESTS.user_turns(body) == ()
    assert not REQUESTS.continues_tool_loop(body)


def test_the_last_of_a_repeated_field_counts():
    body = b"""{"messages": [{"role": "user", "content": "x"}],
        "messages": [{"role": "assistant", "role": "user", "content": "a", "content": "b"}]}"""
    assert turns_of(body) == [(["b"], False)]
