"""One block's events, without the item around it."""

import pytest

from lunaroute_core.dialects.openai_responses.block_writers import block_writer
from lunaroute_core.model import (
    ArgumentsDelta,
    CompactionBlock,
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
