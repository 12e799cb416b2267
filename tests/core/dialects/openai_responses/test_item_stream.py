from lunaroute_core.dialects.openai_responses.item_stream import ItemStream
from lunaroute_core.model import (
    BlockEnd,
    BlockStart,
    HostedCallBlock,
    TextBlock,
    TextDelta,
    ToolCallBlock,
)


def block(content, index=0):
    return [BlockStart(index=index, block=content), BlockEnd(index=index)]


def test_an_item_ends_when_the_next_begins():
    items = ItemStream(answer_id="resp_1")
    list(items.write(block(TextBlock(text="A"))))
    assert items.done == []
    events = list(items.write(block(ToolCallBlock(id="c", name="f"))))
    assert [event["type"] for event in events[:2]] == [
        "response.output_item.done",
        "response.output_item.added",
    ]
    assert [event["output_index"] for event in events[:2]] == [0, 1]
    assert [item["type"] for item in items.done] == ["message"]


def test_closing_ends_the_open_item_once():
    items = ItemStream(answer_id="resp_1")
    list(items.write(block(TextBlock(text="A"))))
    (event,) = items.close("incomplete")
    assert event["item"]["status"] == "incomplete"
    assert list(items.close("incomplete")) == []


def test_the_deltas_of_a_block_without_a_place_are_dropped():
    foreign = HostedCallBlock(dialect="anthropic_messages", type="x", raw={})
    events = [BlockStart(index=0, block=foreign), TextDelta(index=0, text="x"), BlockEnd(index=0)]
    items = ItemStream(answer_id="resp_1")
    assert list(items.write(events)) == []
    assert list(items.close("completed")) == []
