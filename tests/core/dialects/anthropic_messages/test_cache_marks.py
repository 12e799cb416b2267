import pytest

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.model import (
    CacheMark,
    DocumentBlock,
    FunctionTool,
    Message,
    NormalizedRequest,
    RequestSource,
    SearchResultBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.translation import Translation


def part(text, **mark):
    found = {"prompt_cache_breakpoint": {"mode": "explicit", **mark}}
    return {"type": "text", "text": text, **found}


def marks(body):
    blocks = body.get("system", []) + [it for m in body["messages"] for it in m["content"]]
    return [block.get("cache_control") for block in blocks]


@pytest.mark.parametrize(
    ("given", "written", "warnings"),
    [
        ({}, {}, []),
        ({"ttl": "30m"}, {"ttl": "1h"}, []),
        (
            {"ttl": "12h"},
            {"ttl": "1h"},
            [("emulated", "messages[].content[].prompt_cache_breakpoint")],
        ),
    ],
)
def test_a_mark_lives_as_long_or_longer(chat, given, written, warnings):
    translated = chat(messages=[{"role": "user", "content": [part("a", **given)]}])
    assert marks(translated.body) == [{"type": "ephemeral", **written}]
    assert translated.warnings == warnings


def test_only_the_last_four_are_kept(chat):
    system = {"role": "system", "content": [part("s")]}
    user = {"role": "user", "content": [part(text) for text in "abcd"]}
    body, warnings = chat(messages=[system, user])
    assert marks(body) == [None, *[{"type": "ephemeral"}] * 4]
    assert warnings == [("dropped", "messages[].content[].prompt_cache_breakpoint")]


def test_a_short_mark_does_not_stand_before_a_long_one(chat):
    parts = [part("a"), part("b", ttl="30m"), part("c")]
    body, _ = chat(messages=[{"role": "user", "content": parts}])
    long = {"type": "ephemeral", "ttl": "1h"}
    assert marks(body) == [long, long, {"type": "ephemeral"}]


def test_marks_inside_results_count(responses):
    inner = {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}}
    items = [
        {"role": "user", "content": "a"},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": [inner] * 5},
    ]
    body, warnings = responses(input=items)
    found = body["messages"][2]["content"][0]["content"]
    assert ["cache_control" in block for block in found] == [False, True, True, True, True]
    assert len(warnings) == 1


MARK = CacheMark(ttl="30m")
MARKED = TextBlock(text="x", cache=MARK)
USER = Message(role="user", blocks=[TextBlock(text="a")])


@pytest.mark.parametrize(
    "marked",
    [
        {"tools": [FunctionTool(name="f", cache=MARK)]},
        {"instructions": [MARKED]},
        {"turns": [Message(role="user", blocks=[DocumentBlock(blocks=[MARKED])])]},
        {
            "turns": [
                Message(
                    role="user",
                    blocks=[SearchResultBlock(source="s", title="t", blocks=[MARKED])],
                )
            ]
        },
        {
            "turns": [
                USER,
                Message(role="assistant", blocks=[ToolCallBlock(id="1", name="f", cache=MARK)]),
                Message(role="tool", blocks=[ToolResultBlock(call_id="1")]),
            ]
        },
        {
            "turns": [
                USER,
                Message(role="assistant", blocks=[ToolCallBlock(id="1", name="f")]),
                Message(role="tool", blocks=[ToolResultBlock(call_id="1", blocks=[MARKED])]),
            ]
        },
    ],
)
def test_a_mark_is_found_wherever_it_stands(marked):
    """Where there is no mark, none is looked for."""
    source = RequestSource(dialect="openai_chat")
    request = NormalizedRequest(model="m", source=source, **{"turns": [USER], **marked})
    body = ANTHROPIC_MESSAGES.requests.encode(request, Translation())
    assert body.count(b'"cache_control":{"type":"ephemeral","ttl":"1h"}') == 1
    assert body.count(b'"cache_control"') == 1
    assert ANTHROPIC_MESSAGES.requests.encode(request, Translation()) == body
