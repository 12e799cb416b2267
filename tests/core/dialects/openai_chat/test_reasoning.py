import pytest

from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.dialects.openai_chat.reasoning import (
    decode_reasoning,
    encode_detail,
    reasoning_text,
)
from lunaroute_core.model import Origin, ReasoningBlock, TextBlock

ORIGIN = Origin(dialect="anthropic_messages", vendor="anthropic", model="claude")


def read(**fields):
    message = Fields.of(fields, path="messages[0]")
    return (*decode_reasoning(message), message.left)


def test_a_message_without_reasoning_has_none():
    assert read(content="x") == ([], {}, {"content": "x"})


def test_reasoning_content_is_visible_reasoning():
    assert read(reasoning_content="hm") == ([ReasoningBlock(parts=["hm"])], {}, {})


def test_the_other_field_name_is_remembered():
    blocks, form, left = read(reasoning="hm")
    assert (blocks, form, left) == ([ReasoningBlock(parts=["hm"])], {"reasoning": "reasoning"}, {})


def test_details_say_more_than_the_text_which_is_only_kept():
    blocks, form, left = read(
        reasoning_content="a",
        reasoning_details=[{"type": "reasoning.text", "text": "a", "signature": "s", "index": 0}],
    )
    assert [(block.parts, block.opaque, block.variant) for block in blocks] == [
        (["a"], "s", "visible")
    ]
    assert blocks[0].extensions == {"openai_chat": {"type": "reasoning.text", "index": 0}}
    assert (form, left) == ({"reasoning": "details"}, {"reasoning_content": "a"})


def test_an_unknown_detail_is_kept_whole():
    detail = {"type": "reasoning.audio", "audio": "AA", "id": 5, "origin": "x"}
    ((block,), _, _) = read(reasoning_details=[detail])
    assert block.extensions == {"openai_chat": detail}


def test_a_summary_keeps_its_type():
    ((block,), _, _) = read(reasoning_details=[{"type": "reasoning.summary", "summary": "s"}])
    assert (block.parts, block.extensions) == (
        ["s"],
        {"openai_chat": {"type": "reasoning.summary"}},
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": 5},
        {"reasoning_content": None},
        {"reasoning": {"effort": "high"}},
        {"reasoning_details": "x"},
        {"reasoning_details": [1]},
        {"reasoning_details": []},
    ],
)
def test_other_shapes_are_left_for_the_server_they_belong_to(fields):
    assert read(**fields) == ([], {}, fields)


@pytest.mark.parametrize(
    "block",
    [
        ReasoningBlock(parts=["a"]),
        ReasoningBlock(parts=["a"], opaque="s", origin=ORIGIN, item_id="rs_1"),
        ReasoningBlock(variant="redacted", opaque="s", origin=ORIGIN),
        ReasoningBlock(variant="signature_only", opaque="s"),
    ],
)
def test_a_client_that_echoes_the_message_returns_the_same_block(block):
    ((again,), _, _) = read(reasoning_details=[encode_detail(block, index=0)])
    again.extensions = {}
    assert again == block


def test_the_readable_text_separates_parts_and_blocks():
    blocks = [
        ReasoningBlock(parts=["a", "", "b"]),
        TextBlock(text="x"),
        ReasoningBlock(variant="redacted", opaque="s"),
        ReasoningBlock(parts=["c"]),
    ]
    assert reasoning_text(blocks) == "a\n\nb\n\nc"
