import json

import pytest

from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.errors import InvalidRequestError

REQUESTS = ChatRequests()
USER = {"role": "user", "content": "hi"}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
LEGACY = [
    {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
    {"role": "function", "name": "f", "content": "ok"},
]
SYSTEM = {"role": "system", "content": "Be kind."}


def body_of(*messages):
    return json.dumps({"model": "m", "messages": messages}).encode()


def turns_of(body):
    return [
        [json.loads(body[at.start - 1 : at.end + 1]) for at in turn.texts]
        for turn in REQUESTS.user_turns(body)
    ]


def test_texts_are_the_users_and_nobody_elses():
    image = {"type": "image_url", "image_url": {"url": "https://x"}}
    parts = [{"type": "text", "text": "a"}, image, {"type": "text", "text": "b"}]
    body = body_of(
        SYSTEM,
        {"role": "developer", "content": [{"type": "text", "text": "x"}]},
        {"role": "user", "name": "me", "content": "as a string"},
        CALL,
        {**RESULT, "content": [{"type": "text", "text": "x"}]},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": parts},
        {"role": "user", "content": [image]},
    )
    assert turns_of(body) == [["as a string"], ["a", "b"], []]


@pytest.mark.parametrize(
    ("messages", "continues"),
    [
        ([USER], False),
        ([SYSTEM, USER, CALL, RESULT], True),
        ([USER, CALL, RESULT, RESULT], True),
        ([USER, CALL, RESULT, SYSTEM], True),
        ([USER, CALL, RESULT, USER], False),
        ([USER, CALL, RESULT, CALL, RESULT], True),
        ([USER, *LEGACY], True),
        ([USER, CALL, RESULT, {"role": "assistant", "content": "done"}, USER], False),
        ([SYSTEM], False),
    ],
)
def test_a_tool_loop_goes_on_while_results_are_handed_back(messages, continues):
    body = body_of(*messages)
    assert REQUESTS.continues_tool_loop(body) is continues
    assert REQUESTS.decode(body).continues_tool_loop is continues


@pytest.mark.parametrize("verb", ["user_turns", "continues_tool_loop"])
def test_messages_that_are_no_array_are_named(verb):
    with pytest.raises(InvalidRequestError) as caught:
        getattr(REQUESTS, verb)(b'{"messages": "hi"}')
    assert caught.value.details.param == "messages"


def test_what_is_malformed_is_no_text():
    body = b'{"messages": [null, 5, {"role": "user", "content": 5}, {"content": "a"}]}'
    assert turns_of(body) == [[]]
    assert not REQUESTS.continues_tool_loop(body)
