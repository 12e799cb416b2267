"""Whose texts they are, in inputs as Codex sends them."""

import json

import pytest

from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.errors import InvalidRequestError

REQUESTS = ResponsesRequests()


def message(role, *texts, kind="input_text"):
    parts = [{"type": kind, "text": text} for text in texts]
    return {"type": "message", "role": role, "content": parts}


USER = message("user", "hi")
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "ok"}
CUSTOM = {"type": "custom_tool_call_output", "call_id": "c2", "output": "ok"}
SHELL = {"type": "local_shell_call_output", "id": "c3", "output": "ok"}
SEARCH = {"type": "tool_search_output", "call_id": "c4", "tools": []}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "t"}]}


def body_of(given):
    return json.dumps({"model": "m", "instructions": "x", "input": given}).encode()


def turns_of(body):
    return [
        [json.loads(body[at.start - 1 : at.end + 1]) for at in turn.texts]
        for turn in REQUESTS.user_turns(body)
    ]


def test_texts_are_the_users_and_nobody_elses():
    body = body_of(
        [
            message("developer", "x"),
            {"role": "system", "content": "x"},
            message("user", "a", "b"),
            {"role": "user", "content": "as a string"},
            REASONING,
            message("assistant", "x", kind="output_text"),
            CALL,
            {**OUTPUT, "output": [{"type": "input_text", "text": "x"}]},
            {"type": "new", "role": "user", "content": "x"},
            {"id": "item_1"},
            message("user"),
        ]
    )
    assert turns_of(body) == [["a", "b"], ["as a string"], []]


def test_an_input_that_is_a_string_is_one_turn():
    body = body_of("hi\n")
    assert turns_of(body) == [["hi\n"]]
    assert not REQUESTS.continues_tool_loop(body)


@pytest.mark.parametrize(
    ("items", "continues"),
    [
        ([USER], False),
        ([USER, REASONING, CALL, OUTPUT], True),
        ([OUTPUT], True),
        ([USER, CUSTOM], True),
        ([USER, SHELL], True),
        ([USER, OUTPUT, message("developer", "x")], True),
        ([USER, CALL, OUTPUT, USER], False),
        ([USER, OUTPUT, message("assistant", "x", kind="output_text"), USER], False),
        ([USER, SEARCH], False),
        ([USER, {**SEARCH, "execution": "client"}], True),
        ([USER, {"type": "function_call_output_of_tomorrow"}], False),
    ],
)
def test_a_tool_loop_goes_on_while_results_are_handed_back(items, continues):
    body = body_of(items)
    assert REQUESTS.continues_tool_loop(body) is continues
    assert REQUESTS.decode(body).continues_tool_loop is continues


@pytest.mark.parametrize("body", [b"{}", b'{"input": null}', b'{"input": [5, null, "a"]}'])
def test_without_messages_there_are_no_turns(body):
    assert REQUESTS.user_turns(body) == ()
    assert not REQUESTS.continues_tool_loop(body)


@pytest.mark.parametrize("verb", ["user_turns", "continues_tool_loop"])
def test_an_input_that_is_neither_text_nor_array_is_named(verb):
    with pytest.raises(InvalidRequestError) as caught:
        getattr(REQUESTS, verb)(b'{"input": 5}')
    assert caught.value.details.param == "input"
