"""One block's events, without the item around it."""

import pytest

from lunaroute_core.dialects.openai_responses.block_writers import block_writer
from lunaroute_core.model import (
    ArgumentsDelta,
    CompactionBlock,
    OpaqueBlock,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    TextBlock,
    TextDelta,
    ToolCallBlock,
)


def written(block, *deltas, final=None):
    """The events, and the block as the writer has it at the end."""
    writer = block_writer(block, {"item_id": "x"})
    events = list(writer.start())
    for delta in deltas:
        events += writer.delta(delta)
    return [*events, *writer.end(final)], writer.block


@pytest.mark.parametrize(
    ("block", "delta", "final"),
    [
        (TextBlock(text=""), TextDelta(index=0, text="Hel"), TextBlock(text="Hello")),
        (RefusalBlock(text=""), RefusalDelta(index=0, text="Hel"), RefusalBlock(text="Hello")),
        (
            ToolCallBlock(id="c", name="f"),
            ArgumentsDelta(index=0, fragment="Hel"),
            ToolCallBlock(id="c", name="f", raw_arguments="Hello"),
        ),
        (
            ReasoningBlock(),
            ReasoningDelta(index=0, text="Hel"),
            ReasoningBlock(parts=["Hello"], opaque="g"),
        ),
    ],
)
def test_what_only_the_final_form_says_is_a_last_delta(block, delta, final):
    events, kept = written(block, delta, final=final)
    deltas = [event["delta"] for event in events if event["type"].endswith(".delta")]
    assert deltas == ["Hel", "lo"]
    assert kept == final


def test_the_block_s_own_object_is_left_alone():
    """A stream may be written twice, for the client and for a recorder."""
    block = TextBlock(text="Hi")
    written(block, TextDelta(index=0, text="!"))
    assert block == TextBlock(text="Hi")
    refusal = RefusalBlock(text="No")
    written(refusal, RefusalDelta(index=0, text="!"))
    assert refusal == RefusalBlock(text="No")


def test_empty_deltas_are_not_written():
    events, _ = written(TextBlock(text=""), TextDelta(index=0, text=""))
    assert not [event for event in events if event["type"].endswith(".delta")]


def test_a_late_piece_of_an_earlier_part_joins_the_open_one():
    events, kept = written(
        ReasoningBlock(),
        ReasoningDelta(index=0, text="A"),
        ReasoningDelta(index=0, text="B", part=1),
        ReasoningDelta(index=0, text="a", part=0),
        OpaqueSet(index=0, opaque="g"),
    )
    assert [event["summary_index"] for event in events] == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert kept == ReasoningBlock(parts=["A", "Ba"], opaque="g")


def test_a_delta_of_another_kind_is_ignored():
    for block in (TextBlock(text=""), RefusalBlock(text=""), ToolCallBlock(id="c", name="f")):
        events, _ = written(block, OpaqueSet(index=0, opaque="g"))
        assert all("g" not in event.values() for event in events)


def test_a_whole_block_is_silent_and_its_final_form_counts():
    final = CompactionBlock(dialect="openai_responses", raw={"id": "b"})
    foreign = CompactionBlock(dialect="anthropic_messages", raw={})
    opened = CompactionBlock(dialect="openai_responses", raw={"id": "a"})
    assert written(opened, TextDelta(index=0, text="x"), final=final) == ([], final)
    assert written(opened, final=foreign) == ([], opened)


def test_reasoning_that_is_shown_is_no_summary():
    shown = {"openai_responses": {"$parts": "content"}}
    block = ReasoningBlock(extensions=shown)
    events, kept = written(block, ReasoningDelta(index=0, text="hm"))
    assert [event["type"] for event in events] == [
        "response.content_part.added",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
        "response.content_part.done",
    ]
    assert all(event["content_index"] == 0 for event in events)
    assert events[-1]["part"] == {"type": "reasoning_text", "text": "hm"}
    assert kept.parts == ["hm"]


def test_a_part_that_is_not_known_is_complete_at_once():
    mark = {"openai_responses": {"$item": None}}
    raw = {"type": "output_hologram", "depth": 3}
    block = OpaqueBlock(dialect="openai_responses", type="output_hologram", raw=raw)
    block.extensions = mark
    events, kept = written(block)
    assert [event["type"] for event in events] == [
        "response.content_part.added",
        "response.content_part.done",
    ]
    assert all(event["part"] == raw for event in events)
    assert kept == block


def test_a_calls_own_fields_are_those_of_its_end():
    final = ToolCallBlock(id="c", name="f", extensions={"openai_responses": {"status": "x"}})
    _, kept = written(ToolCallBlock(id="c", name="f"), final=final)
    assert kept.extensions == final.extensions
