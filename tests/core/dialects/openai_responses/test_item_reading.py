"""Calls and hosted items of a stream, event by event."""

import pytest
from msgspec import UNSET

from lunaroute_core.dialects.openai_responses.item_reading import CallReader, WholeReader
from lunaroute_core.model import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CompactionBlock,
    OpaqueEvent,
    ToolCallBlock,
)

CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": ""}
CUSTOM = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "p", "input": ""}
DELTA = "response.function_call_arguments.delta"
DONE = "response.function_call_arguments.done"


def events_of(item, *events, final=None):
    reader = CallReader(index=3, item=item)
    read = [*reader.start(), *reader.begin()]
    for kind, event in events:
        read += reader.read(kind, event)
    return [*read, *reader.end(final)]


def fragments(events):
    return [it.fragment for it in events if isinstance(it, ArgumentsDelta)]


def test_a_call_opens_empty_and_closes_whole():
    item = {**CALL, "status": "in_progress", "namespace": "crm"}
    final = {**item, "status": "completed", "arguments": '{"a":1}'}
    events = events_of(
        item,
        (DELTA, {"delta": '{"a"'}),
        (DELTA, {"delta": ""}),
        (DELTA, {"delta": ":1}"}),
        (DONE, {"arguments": '{"a":1}'}),
        final=final,
    )
    opened = ToolCallBlock(id="c", name="f", item_id="fc_1", namespace="crm")
    closed = ToolCallBlock(
        id="c",
        name="f",
        raw_arguments='{"a":1}',
        arguments={"a": 1},
        item_id="fc_1",
        namespace="crm",
        extensions={"openai_responses": {"status": "completed"}},
    )
    assert events == [
        BlockStart(index=3, block=opened),
        ArgumentsDelta(index=3, fragment='{"a"'),
        ArgumentsDelta(index=3, fragment=":1}"),
        BlockEnd(index=3, block=closed),
    ]


@pytest.mark.parametrize(
    ("events", "final"),
    [
        ([(DONE, {"arguments": '{"a":1}'})], CALL),
        ([], {**CALL, "arguments": '{"a":1}'}),
        ([(DELTA, {"delta": '{"a"'})], {**CALL, "arguments": '{"a":1}'}),
        ([(DELTA, {"delta": '{"a":1}'})], {**CALL, "arguments": ""}),
        ([(DELTA, {"delta": '{"a":1}'})], {**CALL, "arguments": '{"a": 1}'}),
        ([(DELTA, {"delta": '{"a":1}'})], None),
    ],
    ids=["done only", "end only", "rest at the end", "not repeated", "written anew", "no end"],
)
def test_arguments_are_told_once_however_they_come(events, final):
    read = events_of(CALL, *events, final=final)
    assert "".join(fragments(read)) == '{"a":1}'
    assert (read[-1].block.raw_arguments, read[-1].block.arguments) == ('{"a":1}', {"a": 1})


def test_arguments_at_the_announcement_are_not_told_twice():
    item = {**CALL, "arguments": "{}"}
    assert fragments(events_of(item, (DELTA, {"delta": "{}"}), final=item)) == ["{}"]
    assert fragments(events_of({**CALL, "arguments": None}, final=item)) == ["{}"]


def test_arguments_cut_short_are_no_json():
    last = events_of(CALL, (DELTA, {"delta": '{"a"'}), final={**CALL, "arguments": '{"a"'})[-1]
    assert (last.block.raw_arguments, last.block.arguments) == ('{"a"', UNSET)


def test_a_call_keeps_the_ids_it_was_announced_with():
    """Proxies exist that give each event others."""
    final = {**CALL, "id": "fc_9", "call_id": "d", "name": "g", "arguments": "{}"}
    block = events_of(CALL, final=final)[-1].block
    assert (block.id, block.item_id, block.name) == ("c", "fc_1", "f")


def test_an_id_told_only_at_the_end_is_taken():
    unnamed = {key: value for key, value in CALL.items() if key != "id"}
    assert events_of(unnamed, final=CALL)[-1].block.item_id == "fc_1"


def test_a_custom_tools_input_is_free_text():
    stem = "response.custom_tool_call_input"
    events = events_of(
        CUSTOM,
        (f"{stem}.delta", {"delta": "{"}),
        (f"{stem}.done", {"input": "{}"}),
        final={**CUSTOM, "input": "{}"},
    )
    assert fragments(events) == ["{", "}"]
    block = events[-1].block
    assert (block.tool_kind, block.raw_arguments, block.arguments) == ("custom", "{}", UNSET)


@pytest.mark.parametrize(
    ("kind", "event", "named"),
    [
        (DELTA, {"delta": None}, "delta: must be a string"),
        (DONE, {"arguments": {}}, "arguments: must be a string"),
        ("response.custom_tool_call_input.delta", {"delta": ""}, "item of type 'function_call'"),
    ],
)
def test_a_malformed_event_is_refused(kind, event, named):
    with pytest.raises(ValueError, match=named):
        events_of(CALL, (kind, event))


def test_a_whole_item_is_what_its_end_says():
    item = {"type": "compaction", "id": "cmp_1", "encrypted_content": ""}
    final = {**item, "encrypted_content": "enc"}
    reader = WholeReader(index=0, item=item)
    compacting = {"type": "response.compaction.compacting", "item_id": "cmp_1"}
    name = "openai_responses"
    assert [
        *reader.start(),
        *reader.begin(),
        *reader.read(compacting["type"], compacting),
        *reader.end(final),
    ] == [
        BlockStart(index=0, block=CompactionBlock(dialect=name, raw=item)),
        OpaqueEvent(dialect=name, event=compacting["type"], raw=compacting),
        BlockEnd(index=0, block=CompactionBlock(dialect=name, raw=final)),
    ]
    assert next(iter(reader.end(None))).block.raw == item
