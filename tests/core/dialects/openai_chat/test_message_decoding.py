import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from lunaroute_core.model import (
    AudioBlock,
    Message,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)

USER = {"role": "user", "content": "hi"}


def call(number=0, arguments="{}", **fields):
    function = {"name": f"f{number}", "arguments": arguments}
    return {"id": f"c{number}", "type": "function", "function": function, **fields}


def assistant(**fields):
    return {"role": "assistant", **fields}


def test_leading_system_and_developer_messages_are_instructions(decode):
    request = decode(
        messages=[{"role": "system", "content": "A"}, {"role": "developer", "content": "B"}, USER]
    )
    assert [block.text for block in request.instructions] == ["A", "B"]
    assert [turn.role for turn in request.turns] == ["user"]


def test_a_plain_system_string_needs_no_mark(decode):
    request = decode(messages=[{"role": "system", "content": "A"}, USER])
    assert request.instructions == [TextBlock(text="A")]


def test_where_leading_messages_began_and_how_they_were_written_is_known(decode, own):
    parts = [{"type": "text", "text": "B"}, {"type": "text", "text": "C"}]
    request = decode(
        messages=[
            {"role": "system", "content": "A"},
            {"role": "developer", "content": parts, "name": "n", "extra": 1},
            {"role": "system", "content": "D"},
            USER,
        ]
    )
    assert [own(block) for block in request.instructions] == [
        {},
        {
            "$form": {
                "message": {
                    "count": 2,
                    "role": "developer",
                    "content": "parts",
                    "name": "n",
                    "extra": 1,
                }
            }
        },
        {},
        {},
    ]


def test_a_marked_block_keeps_its_own_fields_too(decode, own):
    part = {"type": "text", "text": "A", "cache_control": {"type": "ephemeral"}}
    request = decode(messages=[{"role": "developer", "content": [part]}, USER])
    assert own(request.instructions[0]) == {
        "cache_control": {"type": "ephemeral"},
        "$form": {"message": {"count": 1, "content": "parts", "role": "developer"}},
    }


def test_later_system_messages_stay_where_they_are(decode, own):
    request = decode(messages=[USER, {"role": "developer", "content": "B"}, USER])
    assert request.instructions == []
    assert [turn.role for turn in request.turns] == ["user", "system", "user"]
    assert own(request.turns[1]) == {"$form": {"role": "developer"}}


def test_a_leading_message_without_parts_ends_the_instructions(decode):
    empty = {"role": "system", "content": []}
    request = decode(
        messages=[{"role": "system", "content": "A"}, empty, {"role": "system", "content": "B"}]
    )
    assert [block.text for block in request.instructions] == ["A"]
    assert [len(turn.blocks) for turn in request.turns] == [0, 1]


def test_a_user_message_is_a_turn(decode, own):
    request = decode(messages=[{**USER, "name": "ann", "extra": None}])
    (turn,) = request.turns
    assert (turn.role, turn.name, turn.blocks) == ("user", "ann", [TextBlock(text="hi")])
    assert own(turn) == {"extra": None}


def test_string_and_parts_are_told_apart(decode, own):
    parts = [{"type": "text", "text": "hi"}]
    string, array = decode(messages=[USER, {"role": "user", "content": parts}]).turns
    assert string.blocks == array.blocks
    assert own(string) == {}
    assert own(array) == {"$form": {"content": "parts"}}


def test_absent_null_and_empty_content_of_a_call_are_told_apart(decode, own):
    calls = [call()]
    absent, null, empty = decode(
        messages=[
            assistant(tool_calls=calls),
            assistant(tool_calls=calls, content=None),
            assistant(tool_calls=calls, content=""),
        ]
    ).turns
    assert [len(turn.blocks) for turn in (absent, null, empty)] == [1, 1, 2]
    assert [own(turn) for turn in (absent, null, empty)] == [{}, {"content": None}, {}]


def test_reasoning_comes_before_text_and_text_before_calls(decode):
    message = assistant(
        content="text",
        refusal="no",
        audio={"id": "a", "transcript": "t"},
        tool_calls=[call()],
        reasoning_content="think",
    )
    (turn,) = decode(messages=[message]).turns
    assert turn.blocks == [
        ReasoningBlock(parts=["think"]),
        TextBlock(text="text"),
        RefusalBlock(text="no"),
        AudioBlock(audio_id="a", transcript="t"),
        ToolCallBlock(id="c0", name="f0", raw_arguments="{}", arguments={}),
    ]


def test_a_refusal_beside_parts_is_known_to_have_been_a_field(decode, own):
    part = {"type": "refusal", "refusal": "part"}
    (turn,) = decode(messages=[assistant(content=[part], refusal="field")]).turns
    assert [block.text for block in turn.blocks] == ["part", "field"]
    assert own(turn) == {"$form": {"content": "parts", "refusal": "field"}}


def test_arguments_keep_their_text_beside_their_value(decode):
    texts = ['{ "a": 1.0 }', "", "{broken", "[1]"]
    message = assistant(tool_calls=[call(at, text) for at, text in enumerate(texts)])
    (turn,) = decode(messages=[message]).turns
    assert [block.raw_arguments for block in turn.blocks] == texts
    assert [block.arguments for block in turn.blocks] == [{"a": 1.0}, UNSET, UNSET, [1]]


def test_arguments_nested_too_deeply_to_parse_keep_their_text(decode):
    text = "[" * 100_000
    (turn,) = decode(messages=[assistant(tool_calls=[call(0, text)])]).turns
    assert (turn.blocks[0].raw_arguments, turn.blocks[0].arguments) == (text, UNSET)


def test_a_call_keeps_fields_and_types_of_other_servers(decode, own):
    extra = call(0, type="builtin_function", extra_content={"google": {"thought_signature": "s"}})
    (turn,) = decode(messages=[assistant(tool_calls=[extra])]).turns
    assert turn.blocks[0].tool_kind == "function"
    assert own(turn.blocks[0]) == {
        "type": "builtin_function",
        "extra_content": {"google": {"thought_signature": "s"}},
    }


def test_a_custom_call_and_its_result_are_custom(decode):
    custom = {"id": "c", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    called, answered = decode(
        messages=[
            assistant(tool_calls=[custom]),
            {"role": "tool", "tool_call_id": "c", "content": "done"},
        ]
    ).turns
    assert called.blocks == [
        ToolCallBlock(id="c", name="patch", tool_kind="custom", raw_arguments="*** Begin")
    ]
    assert answered == Message(
        role="tool",
        blocks=[ToolResultBlock(call_id="c", blocks=[TextBlock(text="done")], tool_kind="custom")],
    )


def test_each_tool_message_is_a_turn_of_one_result(decode):
    messages = [{"role": "tool", "tool_call_id": f"c{at}", "content": "r"} for at in range(2)]
    assert [turn.blocks[0].call_id for turn in decode(messages=messages).turns] == ["c0", "c1"]


def test_the_error_mark_of_a_tool_result_is_honoured(decode):
    message = {"role": "tool", "tool_call_id": "c", "content": "r", "is_error": True}
    (turn,) = decode(messages=[message]).turns
    assert turn.blocks[0].is_error is True
    assert turn.extensions == {}


def test_an_old_function_call_is_a_call_and_its_answer_finds_it(decode, own):
    def called(name):
        return assistant(content=None, function_call={"name": name, "arguments": "{}"})

    def answered(name):
        return {"role": "function", "name": name, "content": "r"}

    turns = decode(
        messages=[
            called("f"),
            answered("f"),
            called("g"),
            called("f"),
            answered("f"),
            answered("g"),
        ]
    ).turns
    ids = [getattr(turn.blocks[0], "id", None) or turn.blocks[0].call_id for turn in turns]
    zero, one, two = (f"call_legacy_{at}" for at in range(3))
    assert ids == [zero, zero, one, two, two, one]
    assert own(turns[0].blocks[0]) == {"$form": {"legacy": True}}
    assert (turns[1].role, turns[1].name, own(turns[1])) == (
        "tool",
        "f",
        {"$form": {"legacy": True}},
    )


def test_an_old_answer_without_its_call_and_content_is_kept(decode):
    (turn,) = decode(messages=[{"role": "function", "name": "f", "content": None}]).turns
    assert (turn.name, turn.blocks[0].call_id, turn.blocks[0].blocks) == ("f", "call_legacy_f", [])


def test_the_messages_opencode_replays_are_understood(decode):
    """`content: ""` beside calls, and reasoning sent back."""
    (turn,) = decode(
        messages=[assistant(content="", reasoning_content="hm", tool_calls=[call()])]
    ).turns
    assert [type(block).__name__ for block in turn.blocks] == [
        "ReasoningBlock",
        "TextBlock",
        "ToolCallBlock",
    ]


@given(st.text())
def test_a_text_of_a_user_reads_the_same_with_a_field_that_is_not_known(decode, text):
    plain = {"role": "user", "content": text}
    request = decode(messages=[plain, {**plain, "odd": 1}])
    assert request.turns[0] == Message(role="user", blocks=[TextBlock(text=text)])
    assert request.turns[1].extensions == {"openai_chat": {"odd": 1}}
    assert msgspec.structs.replace(request.turns[1], extensions={}) == request.turns[0]


@pytest.mark.parametrize(
    "message",
    [
        USER,
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        assistant(content="a"),
        assistant(content=None, tool_calls=[call()]),
        assistant(tool_calls=[call()], refusal="no"),
        assistant(content="a", reasoning_content="hm", audio={"id": "a"}),
        assistant(function_call={"name": "f", "arguments": "{}"}),
        {"role": "tool", "tool_call_id": "c", "content": "r"},
        {"role": "function", "name": "f", "content": "r"},
    ],
)
@pytest.mark.parametrize("more", [{"odd": 1}, {"name": "f"}, {"odd": None}])
def test_a_message_reads_the_same_with_more_fields(decode, message, more):
    """What is left over is only looked for where there can be some."""
    alone, fuller = decode(messages=[message]).turns + decode(messages=[{**message, **more}]).turns
    kept = dict(fuller.extensions.get("openai_chat", {}))
    others = {key: kept.pop(key) for key in more.keys() & kept.keys()}
    assert others == {key: value for key, value in more.items() if key != "name"}
    assert kept == alone.extensions.get("openai_chat", {})
    assert fuller.name == more.get("name", alone.name)
    assert (fuller.role, fuller.blocks) == (alone.role, alone.blocks)


PART = {"type": "text", "text": "a"}


@pytest.mark.parametrize(
    ("part", "left"),
    [
        (PART, {}),
        ({**PART, "odd": 1, "refusal": "b"}, {"odd": 1, "refusal": "b"}),
        ({**PART, "prompt_cache_breakpoint": None}, {"prompt_cache_breakpoint": None}),
        ({**PART, "prompt_cache_breakpoint": {"mode": "explicit"}, "odd": 1}, {"odd": 1}),
        ({"type": "refusal", "refusal": "a", "text": "b"}, {"text": "b"}),
    ],
)
def test_what_a_text_part_says_besides_is_kept(decode, own, part, left):
    (turn,) = decode(messages=[{"role": "user", "content": [part]}]).turns
    (block,) = turn.blocks
    assert (block.text, own(block)) == ("a", left)


FUNCTION = {"name": "f", "arguments": "{}"}
CUSTOM = {"name": "f", "input": "{}"}


@pytest.mark.parametrize(
    ("fields", "kind", "left"),
    [
        ({"type": "function", "function": FUNCTION}, "function", {}),
        ({"function": FUNCTION}, "function", {}),
        ({"type": None, "function": FUNCTION}, "function", {"type": None}),
        ({"type": "odd", "function": FUNCTION}, "function", {"type": "odd"}),
        ({"function": FUNCTION, "custom": None}, "function", {"custom": None}),
        (
            {"type": "function", "function": {**FUNCTION, "odd": 1}, "index": 0},
            "function",
            {"index": 0, "function": {"odd": 1}},
        ),
        ({"type": "custom", "custom": CUSTOM}, "custom", {}),
        (
            {"type": "custom", "custom": {**CUSTOM, "odd": None}, "function": FUNCTION},
            "custom",
            {"function": FUNCTION, "custom": {"odd": None}},
        ),
        ({"type": "function", "custom": CUSTOM}, "custom", {"type": "function"}),
    ],
)
def test_what_a_call_says_besides_is_kept(decode, own, fields, kind, left):
    (turn,) = decode(messages=[assistant(tool_calls=[{"id": "c", **fields}])]).turns
    (block,) = turn.blocks
    assert (block.id, block.tool_kind, block.name, block.raw_arguments) == ("c", kind, "f", "{}")
    assert own(block) == left
