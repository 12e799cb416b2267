"""A message of a stream, event by event."""

from itertools import count

import pytest

from lunaroute_core.dialects.openai_responses.message_reading import MessageReader
from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    Citation,
    CitationAdd,
    OpaqueBlock,
    RefusalBlock,
    RefusalDelta,
    TextBlock,
    TextDelta,
)

ITEM = {"type": "message", "id": "msg_1", "status": "in_progress", "role": "assistant"}
EMPTY = {**ITEM, "content": []}
TEXT = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
URL = {
    "type": "url_citation",
    "url": "https://a",
    "title": "A",
    "start_index": 0,
    "end_index": 2,
}


def finished(*content, **fields):
    return {**ITEM, "status": "completed", "content": list(content), **fields}


def part(kind, number=0, **fields):
    return f"response.{kind}", {"content_index": number, **fields}


def added(raw, number=0):
    return part("content_part.added", number, part=raw)


def events_of(*events, final=None):
    reader = MessageReader(numbers=count(), item=EMPTY)
    read = [*reader.start(), *reader.begin()]
    for kind, event in events:
        read += reader.read(kind, event)
    return [*read, *reader.end(final)]


def head(block):
    return block.extensions["openai_responses"].get("$item")


def test_the_message_is_held_by_its_first_part():
    text = {**TEXT, "text": "hi"}
    events = events_of(
        added(TEXT),
        part("output_text.delta", delta="hi"),
        part("output_text.done", text="hi"),
        part("content_part.done", part=text),
        final=finished(text, phase="final_answer"),
    )
    opened = {"type": "message", "id": "msg_1", "role": "assistant"}
    whole = {**opened, "status": "completed", "phase": "final_answer"}
    closed = {"annotations": [], "logprobs": [], "$item": whole}
    assert events == [
        BlockStart(
            index=0, block=TextBlock(text="", extensions={"openai_responses": {"$item": opened}})
        ),
        TextDelta(index=0, text="hi"),
        BlockEnd(index=0, block=TextBlock(text="hi", extensions={"openai_responses": closed})),
    ]


def test_a_part_ends_when_the_next_begins():
    refusal = {"type": "refusal", "refusal": "no"}
    events = events_of(
        added(TEXT),
        part("output_text.delta", delta="hi"),
        added({"type": "refusal", "refusal": ""}, 1),
        part("refusal.delta", 1, delta="n"),
        part("refusal.done", 1, refusal="no"),
        final=finished({**TEXT, "text": "hi"}, refusal),
    )
    assert [type(it) for it in events] == [
        BlockStart,
        TextDelta,
        BlockEnd,
        BlockStart,
        RefusalDelta,
        RefusalDelta,
        BlockEnd,
    ]
    first, second = (it.block for it in events if isinstance(it, BlockEnd))
    assert (first.text, head(first)["status"]) == ("hi", "completed")
    assert second == RefusalBlock(text="no")


@pytest.mark.parametrize(
    "events",
    [
        [],
        [part("output_text.done", text="hello")],
        [part("output_text.delta", delta="hel")],
        [part("content_part.done", part={**TEXT, "text": "hello"})],
        [added({**TEXT, "text": "hello"}), part("output_text.delta", delta="hello")],
    ],
    ids=["nothing", "done", "unannounced", "part done", "announced with text"],
)
def test_a_text_is_told_once_however_it_comes(events):
    read = events_of(*events, final=finished({**TEXT, "text": "hello"}))
    assert "".join(it.text for it in read if isinstance(it, TextDelta)) == "hello"
    assert [it.index for it in read if isinstance(it, BlockStart | BlockEnd)] == [0, 0]
    assert read[-1].block.text == "hello"


@pytest.mark.parametrize("final", [None, EMPTY, finished({**TEXT, "text": " other"})])
def test_what_was_told_stands(final):
    read = events_of(part("output_text.delta", delta="hello"), final=final)
    assert read[-1].block.text == "hello"


def test_citations_are_told_as_they_come_and_those_of_the_end_besides():
    other = {**URL, "url": "https://b"}
    events = events_of(
        added(TEXT),
        part("output_text.annotation.added", annotation_index=0, annotation=URL),
        part("output_text.annotation.added", annotation_index=1, annotation=None),
        final=finished({**TEXT, "annotations": [URL, other]}),
    )
    told = [it.citation for it in events if isinstance(it, CitationAdd)]
    assert [it.raw for it in told] == [URL, other]
    assert told[0] == Citation(
        dialect="openai_responses", raw=URL, url="https://a", title="A", start=0, end=2
    )
    assert events[-1].block.citations == told


def test_citations_that_the_end_leaves_out_are_kept():
    events = events_of(
        part("output_text.annotation.added", annotation=URL), final=finished({**TEXT, "text": ""})
    )
    block = events[-1].block
    assert [it.raw for it in block.citations] == [URL]
    assert "annotations" not in block.extensions["openai_responses"]


def test_a_part_that_is_not_known_is_kept_whole():
    later = {"type": "output_hologram", "depth": 3}
    events = events_of(added({**later, "depth": 0}), final=finished(later))
    assert [type(it) for it in events] == [BlockStart, BlockEnd]
    block = events[-1].block
    assert isinstance(block, OpaqueBlock)
    assert (block.raw, head(block)["id"]) == (later, "msg_1")


def test_an_empty_message_is_kept_whole():
    (opened, closed) = events_of(final=finished())
    assert opened.block == closed.block
    assert closed.block == OpaqueBlock(dialect="openai_responses", type="message", raw=finished())


def test_a_message_of_which_nothing_came_is_nothing():
    assert events_of(final=None) == []


@pytest.mark.parametrize(
    ("events", "named"),
    [
        ([part("output_text.delta", delta=1)], "delta: must be a string"),
        ([("response.output_text.delta", {"delta": "a"})], "content_index: must be an integer"),
        ([added(None)], "part: must be an object"),
        ([added(TEXT), added(TEXT)], "part 0 has begun already"),
        ([added(TEXT), added(TEXT, 1), part("output_text.delta", delta="a")], "part 0 has ended"),
        ([added(TEXT), part("refusal.delta", delta="a")], "part 0 is not of type refusal"),
        (
            [added(TEXT), part("content_part.done", part={"type": "refusal", "refusal": "a"})],
            "part.type",
        ),
        ([part("output_text.annotation.added", annotation=5)], "annotation: must be an object"),
        ([part("reasoning_text.delta", delta="a")], "in an item of type 'message'"),
    ],
)
def test_a_malformed_event_is_refused(events, named):
    with pytest.raises(ValueError, match=named):
        events_of(*events)
