"""Reasoning of a stream, event by event."""

import pytest

from lunaroute_core.dialects.openai_responses.reasoning_reading import ReasoningReader
from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    OpaqueSet,
    Origin,
    ReasoningBlock,
    ReasoningDelta,
)

ORIGIN = Origin(dialect="openai_responses", vendor="openai", model="gpt-5")
ITEM = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "not yet"}


def finished(*summary, content=(), **fields):
    item = {**ITEM, "summary": [{"type": "summary_text", "text": text} for text in summary]}
    if content:
        item["content"] = [{"type": "reasoning_text", "text": text} for text in content]
    return {**item, **fields}


def summary(text, number=0, kind="text.delta", key="delta"):
    return f"response.reasoning_summary_{kind}", {"summary_index": number, key: text}


def summary_part(number, kind="added", text=""):
    raw = {"type": "summary_text", "text": text}
    return f"response.reasoning_summary_part.{kind}", {"summary_index": number, "part": raw}


def shown(text, number=0, kind="delta", key="delta"):
    return f"response.reasoning_text.{kind}", {"content_index": number, key: text}


def events_of(*events, final=None, begin=False):
    reader = ReasoningReader(index=2, item=ITEM, model="gpt-5")
    read = [*reader.start()]
    for kind, event in events:
        read += reader.read(kind, event)
    if begin:
        read += reader.begin()
    return [*read, *reader.end(final), *reader.begin()]


def told(events):
    return [(it.part, it.text) for it in events if isinstance(it, ReasoningDelta)]


def test_the_parts_of_a_summary_and_then_the_seal():
    events = events_of(
        summary_part(0),
        summary("A"),
        summary("a"),
        summary("Aa", kind="text.done", key="text"),
        summary_part(0, "done", "Aa"),
        summary_part(1),
        summary("B", 1),
        final=finished("Aa", "B", encrypted_content="enc"),
    )
    assert events == [
        BlockStart(index=2, block=ReasoningBlock(origin=ORIGIN, item_id="rs_1")),
        ReasoningDelta(index=2, text="A"),
        ReasoningDelta(index=2, text="a"),
        ReasoningDelta(index=2, text="B", part=1),
        OpaqueSet(index=2, opaque="enc"),
        BlockEnd(
            index=2,
            block=ReasoningBlock(parts=["Aa", "B"], opaque="enc", origin=ORIGIN, item_id="rs_1"),
        ),
    ]


def test_the_seal_of_the_announcement_is_never_told():
    for final in (None, finished("A", encrypted_content=None)):
        events = events_of(summary("A"), final=final)
        assert events[-1].block.opaque is None
        assert not any(isinstance(it, OpaqueSet) for it in events)


def test_sealed_reasoning_without_text_opens_as_such():
    (opened, closed) = events_of(final=finished(encrypted_content="enc"))
    assert opened.block == closed.block
    assert (closed.block.variant, closed.block.opaque) == ("redacted", "enc")


def test_what_begins_next_opens_reasoning_that_was_only_announced():
    events = events_of(begin=True, final=finished(encrypted_content="enc"))
    assert [type(it) for it in events] == [BlockStart, OpaqueSet, BlockEnd]
    assert events[0].block.variant == "visible"


def test_reasoning_that_is_shown_is_told_as_it_comes():
    events = events_of(
        shown("h"),
        shown("hm", kind="done", key="text"),
        final=finished(content=["hm"], encrypted_content=None),
    )
    assert told(events) == [(0, "h"), (0, "m")]
    opened, closed = events[0].block, events[-1].block
    assert opened.extensions["openai_responses"]["$parts"] == "content"
    assert closed.parts == ["hm"]
    assert closed.extensions["openai_responses"]["content"] == [
        {"type": "reasoning_text", "text": "hm"}
    ]


@pytest.mark.parametrize(
    ("events", "parts", "kept"),
    [
        ([summary("S"), shown("C")], ["S"], "content"),
        ([shown("C"), summary("S")], ["C"], "summary"),
        ([], ["S"], "content"),
    ],
    ids=["summary first", "text first", "at the end"],
)
def test_of_summary_and_text_one_is_told_and_the_other_kept(events, parts, kept):
    read = events_of(*events, final=finished("S", content=["C"]))
    assert told(read) == [(0, parts[0])]
    assert read[-1].block.parts == parts
    assert kept in read[-1].block.extensions["openai_responses"]


@pytest.mark.parametrize(
    "events",
    [
        [],
        [summary("A", kind="text.done", key="text")],
        [summary_part(0, "done", "A")],
        [summary("A"), summary("", 1)],
        [summary_part(0), summary_part(1), summary("B", 1), summary("A")],
        [summary("A", 5), summary("B", 7)],
    ],
    ids=["end only", "text done", "part done", "rest at the end", "out of order", "with gaps"],
)
def test_parts_are_told_once_however_they_come(events):
    read = events_of(*events, final=finished("A", "B"))
    parts = ["", ""]
    for part, text in told(read):
        parts[part] += text
    assert parts == ["A", "B"]
    assert read[-1].block.parts == ["A", "B"]


def test_an_empty_part_keeps_its_place():
    events = events_of(summary_part(0), summary_part(1), summary("B", 1), final=finished("", "B"))
    assert told(events) == [(0, ""), (1, "B")]
    assert events[-1].block.parts == ["", "B"]


@pytest.mark.parametrize(
    ("event", "final", "kept"),
    [
        (summary("A"), finished(), None),
        (summary("A"), finished("other"), None),
        (summary("A"), None, None),
        (shown("A"), finished(), "content"),
        (shown("A"), finished(content=["other"]), "content"),
    ],
)
def test_what_was_told_stands(event, final, kept):
    block = events_of(event, final=final)[-1].block
    assert (block.variant, block.parts) == ("visible", ["A"])
    left = block.extensions.get("openai_responses", {})
    assert left.get("$parts") == kept
    assert (kept or "summary") not in left


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (summary(None), "delta: must be a string"),
        (summary("A", None), "summary_index: must be an integer"),
        (summary(5, kind="text.done", key="text"), "text: must be a string"),
        (("response.reasoning_summary_part.done", {"summary_index": 0}), "part: must be"),
        (("response.output_text.delta", {}), "in an item of type 'reasoning'"),
    ],
)
def test_a_malformed_event_is_refused(event, named):
    with pytest.raises(ValueError, match=named):
        events_of(event)
