import msgspec
import pytest

from lunaroute_core.dialects.anthropic_messages.continued_request import continued
from lunaroute_core.dialects.anthropic_messages.message_reader import read_message
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import NormalizedResponse, TextBlock
from lunaroute_core.translation import Translation

BODY = (
    b'{"model":"m","max_tokens":9,"thinking":{"type":"adaptive"},'
    b'"messages":[{"role":"user","content":"\\u00e9 \xc3\xa9"}],"stream":true}'
)
CITED = {
    "type": "web_search_result_location",
    "url": "https://a",
    "title": None,
    "cited_text": "a",
    "encrypted_index": "E/+=",
}
CONTENT = [
    {"type": "thinking", "thinking": "H\u00e9", "signature": "s/+=="},
    {"type": "thinking", "thinking": "", "signature": "only"},
    {"type": "redacted_thinking", "data": "d=="},
    {"type": "text", "text": " so ", "citations": [CITED]},
    {"type": "tool_use", "id": "t1", "name": "f", "input": {"b": 1, "a": 2.50}, "caller": {"a": 1}},
    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
    {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"e": "x=="}]},
    {"type": "compaction", "content": "c", "encrypted_content": "e"},
    {"type": "to_come", "k": [1, None]},
]


def message(content, **fields):
    said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
    return read_message(msgspec.json.encode({**said, "content": content, **fields}))


def test_the_answer_is_the_last_message_as_it_came():
    written = continued(BODY, message(CONTENT))
    last = msgspec.json.decode(written)["messages"][-1]
    assert last == {"role": "assistant", "content": CONTENT}


def test_nothing_else_changes():
    """To the byte, or no prompt cache would find it."""
    written = continued(BODY, message([CONTENT[0]]))
    end = BODY.index(b'}],"stream"') + 1
    assert written[:end] == BODY[:end]
    assert written.endswith(b'}],"stream":true}')


def test_arguments_are_the_bytes_they_came_in():
    body = (
        b'{"id":"msg_1","type":"message","role":"assistant","model":"m","content":'
        b'[{"type":"tool_use","id":"t","name":"f","input":{"b" : 1.0,  "a":"\\u00e9"}}]}'
    )
    assert b'"input":{"b" : 1.0,  "a":"\\u00e9"}' in continued(BODY, read_message(body))


def test_texts_that_say_nothing_are_left_out():
    """The vendor writes such ones, and takes none."""
    written = continued(BODY, message([{"type": "text", "text": ""}, CONTENT[5]]))
    assert msgspec.json.decode(written)["messages"][-1]["content"] == [CONTENT[5]]


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ({"container": {"id": "c_1", "expires_at": "2026-12-01"}}, "c_1"),
        ({"container": None}, None),
        ({"container": {"id": 5}}, None),
        ({}, None),
    ],
)
def test_tools_go_on_in_the_container_they_ran_in(said, sent):
    written = msgspec.json.decode(continued(BODY, message([CONTENT[0]], **said)))
    assert written.get("container") == sent


@pytest.mark.parametrize("client", ["openai_chat", "openai_responses", "anthropic_messages"])
def test_any_clients_request_is_continued(client):
    bodies = {
        "openai_chat": {"messages": [{"role": "user", "content": "Hi"}]},
        "openai_responses": {"input": "Hi"},
        "anthropic_messages": {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
    }
    body = msgspec.json.encode({"model": "m", **bodies[client]})
    request = DIALECTS[client].requests.decode(body)
    requests = DIALECTS["anthropic_messages"].requests
    plain = msgspec.json.decode(requests.encode(request, Translation()))
    request.paused = NormalizedResponse(id="i", model="m", blocks=[TextBlock(text="so far ")])
    translation = Translation()
    again = msgspec.json.decode(requests.encode(request, translation))
    *before, last = again["messages"]
    # A model that continues no message of its client's does continue its own.
    assert last == {"role": "assistant", "content": [{"type": "text", "text": "so far "}]}
    assert {**again, "messages": before} == plain
    assert translation.warnings == []
