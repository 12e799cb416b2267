import json

import msgspec

from lunaroute_core.dialects.openai_responses import OPENAI_RESPONSES
from lunaroute_core.model import (
    HostedCallBlock,
    OpaqueBlock,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_core.testing import chat_request, text_response

CODEC = OPENAI_RESPONSES.stored_answers


def decoded(**body):
    return OPENAI_RESPONSES.requests.decode(msgspec.json.encode({"model": "m", **body}))


def test_an_id_looks_like_the_vendors_and_is_the_seeds():
    first = CODEC.new_id("a")
    assert first.startswith("resp_")
    assert first == CODEC.new_id("a") != CODEC.new_id("b")


def test_items_have_the_ids_that_they_are_written_with():
    answer = text_response()
    answer.blocks = [
        ReasoningBlock(parts=["Hm."], opaque="e"),
        TextBlock(text="a"),
        TextBlock(text="b"),
        HostedCallBlock(dialect="anthropic_messages", type="x", raw={}),
        ToolCallBlock(id="call_1", name="f"),
    ]
    request = chat_request(dialect="openai_responses").normalized
    written = json.loads(OPENAI_RESPONSES.responses.encode(answer, request=request))
    items = CODEC.items(answer)
    assert [identity for identity, _ in items] == [item["id"] for item in written["output"]]
    assert [len(blocks) for _, blocks in items] == [1, 2, 1]


def test_an_item_reference_names_an_item():
    request = decoded(input=[{"type": "item_reference", "id": "rs_1"}, {"id": "rs_2"}])
    assert [CODEC.reference(block) for block in request.turns[0].blocks] == ["rs_1", "rs_2"]


def test_other_blocks_name_none():
    others = [
        TextBlock(text="a"),
        OpaqueBlock(dialect="openai_responses", type="new", raw={"id": "rs_1"}),
        OpaqueBlock(dialect="other", type="item_reference", raw={"id": "rs_1"}),
        OpaqueBlock(dialect="openai_responses", type="item_reference", raw={"id": 5}),
    ]
    assert [CODEC.reference(block) for block in others] == [None] * 4


def test_leading_items_are_turns_and_instructions_are_not():
    parts = [{"type": "input_text", "text": text} for text in ("b", "c")]
    request = decoded(
        instructions="a",
        input=[
            {"role": "system", "content": parts},
            {"role": "developer", "content": "d"},
            {"role": "user", "content": "e"},
        ],
    )
    led = CODEC.with_all_turns(request)
    assert [block.text for block in led.instructions] == ["a"]
    assert [(it.role, [block.text for block in it.blocks]) for it in led.turns] == [
        ("system", ["b", "c"]),
        ("system", ["d"]),
        ("user", ["e"]),
    ]
    assert CODEC.with_all_turns(led) == led


def test_a_deletion_is_told_as_the_vendor_does():
    told = json.loads(CODEC.encode_deleted("resp_1"))
    assert told == {"id": "resp_1", "object": "response", "deleted": True}
