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


def test_a_hosted_item_is_announced_when_it_begins_and_done_as_it_ends():
    """Its own events come in between, and clients would not know of what."""

    def search(status):
        raw = {"type": "web_search_call", "id": "ws_1", "status": status}
        return HostedCallBlock(dialect="openai_responses", type="web_search_call", raw=raw)

    items = ItemStream(answer_id="resp_1")
    (added,) = items.write([BlockStart(index=0, block=search("in_progress"))])
    assert (added["type"], added["item"]["status"]) == (
        "response.output_item.added",
        "in_progress",
    )
    assert list(items.write([BlockEnd(index=0, block=search("completed"))])) == []
    (done,) = items.close("incomplete")
    assert (done["type"], done["item"]["status"]) == ("response.output_item.done", "completed")
