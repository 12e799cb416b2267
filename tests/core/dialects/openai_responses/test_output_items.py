import pytest

from lunaroute_core.dialects.openai_responses.output_items import output_items
from lunaroute_core.model import (
    Citation,
    HostedCallBlock,
    ImageBlock,
    Origin,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
    UrlSource,
)


def items(*blocks, status="completed"):
    return output_items(blocks, answer_id="resp_1", status=status)


def test_texts_and_refusals_in_a_row_are_one_message():
    (message,) = items(TextBlock(text="A"), TextBlock(text="B"), RefusalBlock(text="C"))
    assert [part["type"] for part in message["content"]] == [
        "output_text",
        "output_text",
        "refusal",
    ]
    assert (message["role"], message["status"]) == ("assistant", "completed")


def test_a_block_that_opens_an_item_begins_another_message():
    head = {"openai_responses": {"$item": {"id": "msg_2", "phase": "final_answer"}}}
    first, second = items(TextBlock(text="A"), TextBlock(text="B", extensions=head))
    assert (second["id"], second["phase"]) == ("msg_2", "final_answer")
    assert first["id"].startswith("msg_")
    assert "phase" not in first


def test_what_has_no_place_is_left_out_and_separates_nothing():
    foreign = HostedCallBlock(dialect="anthropic_messages", type="server_tool_use", raw={})
    image = ImageBlock(source=UrlSource(url="https://x"))
    (message,) = items(TextBlock(text="A"), foreign, image, TextBlock(text="B"))
    assert len(message["content"]) == 2


def test_calls_keep_their_call_id_and_get_an_item_id():
    call, custom = items(
        ToolCallBlock(id="call_1", name="f", raw_arguments='{"a": 1}'),
        ToolCallBlock(id="call_2", name="p", tool_kind="custom", raw_arguments="x"),
    )
    assert call.pop("id").startswith("fc_")
    assert call == {
        "type": "function_call",
        "status": "completed",
        "call_id": "call_1",
        "name": "f",
        "arguments": '{"a": 1}',
    }
    assert custom.pop("id").startswith("ctc_")
    assert custom == {"type": "custom_tool_call", "call_id": "call_2", "name": "p", "input": "x"}


def test_a_call_s_own_fields_come_back():
    block = ToolCallBlock(
        id="c",
        name="f",
        item_id="fc_1",
        namespace="n",
        extensions={"openai_responses": {"caller": {"type": "direct"}}},
    )
    (call,) = items(block)
    assert (call["id"], call["namespace"]) == ("fc_1", "n")
    assert call["caller"] == {"type": "direct"}


@pytest.mark.parametrize(
    ("origin", "kept"),
    [(None, True), (Origin(dialect="openai_responses"), True), (Origin(dialect="x"), False)],
)
def test_only_our_own_signature_is_written(origin, kept):
    (item,) = items(ReasoningBlock(parts=["A", "B"], opaque="g", origin=origin))
    assert item["summary"] == [
        {"type": "summary_text", "text": "A"},
        {"type": "summary_text", "text": "B"},
    ]
    assert item.get("encrypted_content") == ("g" if kept else None)


def test_only_the_last_item_is_cut_short():
    first, last = items(TextBlock(text="A"), ToolCallBlock(id="c", name="f"), status="incomplete")
    assert (first["status"], last["status"]) == ("completed", "incomplete")


def test_citations_are_our_own_or_those_of_a_url():
    own = {"type": "file_citation", "file_id": "f", "filename": "a", "index": 1}
    citations = [
        Citation(dialect="openai_responses", raw=own),
        Citation(dialect="x", raw={}, url="https://x", title="X", start=1, end=2),
        Citation(dialect="x", raw={}, url="https://y"),
        Citation(dialect="x", raw={}, cited_text="only text"),
    ]
    (message,) = items(TextBlock(text="abc", citations=citations))
    url = {"type": "url_citation", "url": "https://x", "title": "X"}
    whole = {"type": "url_citation", "url": "https://y", "title": ""}
    assert message["content"][0]["annotations"] == [
        own,
        {**url, "start_index": 1, "end_index": 2},
        {**whole, "start_index": 0, "end_index": 3},
    ]


def test_a_message_s_own_fields_come_back_but_for_its_status():
    head = {"id": "msg_2", "role": "assistant", "status": "completed", "phase": "p", "later": 1}
    block = TextBlock(text="A", extensions={"openai_responses": {"$item": head}})
    (message,) = items(block, status="incomplete")
    del message["content"]
    assert message == {"type": "message", **head, "status": "incomplete"}


def test_reasoning_that_is_shown_is_written_as_its_text():
    shown = {"openai_responses": {"$parts": "content"}}
    (item,) = items(ReasoningBlock(parts=["A"], item_id="rs_1", extensions=shown))
    assert item == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "A"}],
    }


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (ToolCallBlock(id="1", name="ls"), "{}"),
        (ToolCallBlock(id="1", name="ls", raw_arguments="{1"), "{1"),
        (ToolCallBlock(id="1", name="ls", item_id="fc_1"), ""),
    ],
)
def test_other_vendors_calls_without_arguments_have_an_empty_object(call, arguments):
    (item,) = output_items([call], answer_id="a", status="completed")
    assert item["arguments"] == arguments
