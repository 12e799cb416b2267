import pytest

from lunaroute_core.dialects.openai_responses.input_items import (
    HOSTED_CALLS,
    HOSTED_RESULTS,
    read_item,
)
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    CompactionBlock,
    HostedCallBlock,
    HostedResultBlock,
    ImageBlock,
    OpaqueBlock,
    Origin,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.request_limits import DEFAULT_LIMITS, RequestLimits


def read(item, limits=DEFAULT_LIMITS):
    return read_item(item, param="input[2]", limits=limits)


def block_of(item):
    (block,) = read(item).blocks
    return block


def test_a_call_keeps_item_id_and_call_id_apart():
    call = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "name": "f",
        "arguments": '{"a": 1}',
        "namespace": "n",
        "status": "completed",
    }
    assert block_of(call) == ToolCallBlock(
        id="call_1",
        item_id="fc_1",
        name="f",
        raw_arguments='{"a": 1}',
        arguments={"a": 1},
        namespace="n",
        extensions={"openai_responses": {"status": "completed"}},
    )


def test_arguments_that_are_no_json_stay_text():
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a'}
    assert block_of(call) == ToolCallBlock(id="c", name="f", raw_arguments='{"a')


def test_custom_input_is_free_text():
    call = {"type": "custom_tool_call", "call_id": "c", "name": "p", "input": "{}"}
    assert block_of(call) == ToolCallBlock(id="c", name="p", tool_kind="custom", raw_arguments="{}")


def test_an_output_holds_text_or_parts():
    text = block_of({"type": "function_call_output", "call_id": "c", "output": "ok"})
    assert isinstance(text, ToolResultBlock)
    assert text.blocks == [TextBlock(text="ok")]
    assert text.extensions == {"openai_responses": {"output": {"form": "string"}}}
    image = {"type": "input_image", "image_url": "https://x"}
    parts = block_of({"type": "custom_tool_call_output", "call_id": "c", "output": [image]})
    assert isinstance(parts, ToolResultBlock)
    assert parts.tool_kind == "custom"
    assert isinstance(parts.blocks[0], ImageBlock)
    assert parts.extensions == {}


def test_an_output_without_a_call_id_is_kept_whole():
    item = {"type": "function_call_output", "name": "f", "output": "ok"}
    found = read(item)
    assert found.role == "tool"
    assert found.blocks == [
        OpaqueBlock(dialect="openai_responses", type="function_call_output", raw=item)
    ]


def test_reasoning_keeps_summary_signature_and_null_content():
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "A"}, {"type": "summary_text", "text": "B"}],
        "content": None,
        "encrypted_content": "gAAA",
    }
    assert block_of(item) == ReasoningBlock(
        parts=["A", "B"],
        opaque="gAAA",
        origin=Origin(dialect="openai_responses", vendor="openai"),
        item_id="rs_1",
        extensions={"openai_responses": {"content": None}},
    )


def test_reasoning_without_text_is_redacted():
    block = block_of({"type": "reasoning", "summary": [], "encrypted_content": "gAAA"})
    assert isinstance(block, ReasoningBlock)
    assert (block.variant, block.parts, block.item_id) == ("redacted", [], None)


def test_reasoning_text_stands_in_for_a_summary():
    content = [{"type": "reasoning_text", "text": "Hm"}]
    block = block_of({"type": "reasoning", "id": "rs_1", "summary": [], "content": content})
    assert isinstance(block, ReasoningBlock)
    assert (block.variant, block.parts) == ("visible", ["Hm"])
    assert block.extensions["openai_responses"]["content"] == content


@pytest.mark.parametrize("kind", sorted(HOSTED_CALLS))
def test_hosted_calls_are_the_assistant_s_and_whole(kind):
    item = {"type": kind, "id": "x_1", "later": {"a": [1]}}
    found = read(item)
    assert found.role == "assistant"
    assert found.blocks == [
        HostedCallBlock(dialect="openai_responses", type=kind, raw=item, id="x_1")
    ]


@pytest.mark.parametrize("kind", sorted(HOSTED_RESULTS))
def test_hosted_results_are_the_tool_s_unless_the_vendor_s(kind):
    item = {"type": kind, "call_id": "c", "execution": "client"}
    vendors = {"type": kind, "call_id": "c"}
    block = HostedResultBlock(dialect="openai_responses", type=kind, raw=item, call_id="c")
    assert (read(item).role, read(item).blocks) == ("tool", [block])
    by_vendor = kind in ("program_output", "tool_search_output")
    assert read(vendors).role == ("assistant" if by_vendor else "tool")


@pytest.mark.parametrize(
    ("item", "role", "kind"),
    [
        ({"type": "item_reference", "id": "rs_1"}, "assistant", "item_reference"),
        ({"id": "rs_1"}, "assistant", "item_reference"),
        ({"type": None, "id": "rs_1"}, "assistant", "item_reference"),
        ({"type": "compaction_trigger"}, "assistant", "compaction_trigger"),
        ({"type": "additional_tools", "role": "developer"}, "system", "additional_tools"),
        ({"type": "later", "role": {}}, "assistant", "later"),
        ({"role": "user", "content": []}, "user", "message"),
    ],
)
def test_what_has_no_block_of_its_own_is_kept_whole(item, role, kind):
    found = read(item)
    assert found.role == role
    assert found.blocks == [OpaqueBlock(dialect="openai_responses", type=kind, raw=item)]


def test_a_compaction_is_kept_whole():
    item = {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAA"}
    assert block_of(item) == CompactionBlock(dialect="openai_responses", raw=item)


def test_a_message_s_first_block_says_where_the_item_begins():
    item = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "phase": "commentary",
        "content": [
            {"type": "output_text", "text": "A"},
            {"type": "output_text", "text": "B"},
            {"type": "later"},
        ],
    }
    found = read(item)
    head = {key: value for key, value in item.items() if key != "content"}
    marks = [block.extensions.get("openai_responses") for block in found.blocks]
    assert marks == [{"$item": head}, None, {"$item": None}]
    assert found.phase == "commentary"


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({}, "input[2].type"),
        ({"type": 5}, "input[2].type"),
        ({"role": "tool", "content": "x"}, "input[2].role"),
        ({"role": 5, "content": "x"}, "input[2].role"),
        ({"type": "message", "content": "x"}, "input[2].role"),
        ({"role": "user"}, "input[2].content"),
        ({"role": "user", "content": None}, "input[2].content"),
        ({"role": "user", "content": ["x"]}, "input[2].content[0]"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "input[2].content[0].text"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input[2].call_id"),
        (
            {"type": "function_call", "name": "f", "arguments": {}, "call_id": "c"},
            "input[2].arguments",
        ),
        ({"type": "custom_tool_call", "name": "f", "call_id": "c"}, "input[2].input"),
        ({"type": "function_call_output", "call_id": "c"}, "input[2].output"),
        ({"type": "function_call_output", "output": "x", "call_id": 5}, "input[2].call_id"),
        ({"type": "reasoning", "summary": [5]}, "input[2].summary[0]"),
        ({"type": "reasoning", "summary": [{}]}, "input[2].summary[0].text"),
    ],
)
def test_a_malformed_item_is_named(item, param):
    with pytest.raises(InvalidRequestError) as caught:
        read(item)
    assert caught.value.details.param == param


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"role": "user", "content": "ééé"}, "input[2].content"),
        ({"type": "function_call_output", "call_id": "c", "output": "123456"}, "input[2].output"),
        (
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "123456"},
            "input[2].arguments",
        ),
        (
            {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "123456"},
            "input[2].input",
        ),
    ],
)
def test_texts_longer_than_the_limits_are_refused(item, param):
    read(item)
    limits = RequestLimits(max_string_bytes=5, max_tool_arguments_bytes=5)
    with pytest.raises(InvalidRequestError) as caught:
        read(item, limits)
    assert caught.value.details.param == param
