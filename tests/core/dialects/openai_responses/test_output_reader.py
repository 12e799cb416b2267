"""Output items as blocks."""

import pytest
from msgspec import UNSET

from lunaroute_core.dialects.openai_responses.input_items import read_item
from lunaroute_core.dialects.openai_responses.output_items import output_items
from lunaroute_core.dialects.openai_responses.output_reader import read_output_item
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    Citation,
    CompactionBlock,
    HostedCallBlock,
    HostedResultBlock,
    OpaqueBlock,
    Origin,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_core.request_limits import DEFAULT_LIMITS

ORIGIN = Origin(dialect="openai_responses", vendor="openai", model="gpt-5")
TEXT = {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "status": "completed",
    "role": "assistant",
    "content": [TEXT],
}
HEAD = {key: value for key, value in MESSAGE.items() if key != "content"}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "f",
    "arguments": '{"a": 1}',
    "status": "completed",
}
CUSTOM = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "call_id": "call_2",
    "name": "p",
    "input": "{}",
}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}


def read(raw):
    return read_output_item(raw, param="output[0]", model="gpt-5")


def ours(block):
    return block.extensions.get("openai_responses", {})


def test_a_message_is_its_parts_of_which_the_first_holds_the_rest():
    cited = {
        "type": "url_citation",
        "url": "https://a",
        "title": "A",
        "start_index": 0,
        "end_index": 2,
    }
    content = [{**TEXT, "annotations": [cited]}, {"type": "refusal", "refusal": "no"}]
    first, second = read({**MESSAGE, "phase": "commentary", "content": content})
    assert isinstance(first, TextBlock)
    assert first.text == "hi"
    assert first.citations == [
        Citation(dialect="openai_responses", raw=cited, url="https://a", title="A", start=0, end=2)
    ]
    assert ours(first)["$item"] == {**HEAD, "phase": "commentary"}
    assert second == RefusalBlock(text="no")


def test_an_empty_message_is_kept_whole():
    empty = {**MESSAGE, "content": []}
    assert read(empty) == [OpaqueBlock(dialect="openai_responses", type="message", raw=empty)]


def test_a_part_that_is_not_known_stays_in_its_message():
    later = {"type": "output_hologram", "depth": 3}
    raw = {**MESSAGE, "content": [later, TEXT, later]}
    blocks = read(raw)
    assert [type(it) for it in blocks] == [OpaqueBlock, TextBlock, OpaqueBlock]
    assert output_items(blocks, answer_id="resp_1", status="completed") == [raw]


def test_a_call_keeps_item_and_call_id_apart():
    raw = {**CALL, "namespace": "crm", "caller": {"type": "direct"}}
    assert read(raw) == [
        ToolCallBlock(
            id="call_1",
            name="f",
            raw_arguments='{"a": 1}',
            arguments={"a": 1},
            item_id="fc_1",
            namespace="crm",
            extensions={"openai_responses": {"status": "completed", "caller": {"type": "direct"}}},
        )
    ]


@pytest.mark.parametrize("text", ["", "{", "{" * 100_000])
def test_arguments_that_are_no_json_stay_as_they_are(text):
    (block,) = read({**CALL, "arguments": text})
    assert (block.raw_arguments, block.arguments) == (text, UNSET)


def test_a_custom_tools_input_is_no_json():
    (block,) = read(CUSTOM)
    assert (block.tool_kind, block.raw_arguments, block.arguments) == ("custom", "{}", UNSET)


def test_reasoning_is_this_models():
    (block,) = read(
        {
            **REASONING,
            "summary": [
                {"type": "summary_text", "text": "A"},
                {"type": "summary_text", "text": "B"},
            ],
            "encrypted_content": "enc",
        }
    )
    assert block == ReasoningBlock(parts=["A", "B"], opaque="enc", origin=ORIGIN, item_id="rs_1")


def test_reasoning_without_text_is_redacted():
    (block,) = read({**REASONING, "encrypted_content": "enc"})
    assert (block.variant, block.parts, block.opaque) == ("redacted", [], "enc")


@pytest.mark.parametrize("summary", [[], [{"type": "summary_text", "text": ""}]])
def test_reasoning_that_is_shown_is_its_text(summary):
    content = [{"type": "reasoning_text", "text": "hm"}]
    raw = {**REASONING, "summary": summary, "content": content}
    (block,) = read(raw)
    assert (block.variant, block.parts) == ("visible", ["hm"])
    assert output_items([block], answer_id="resp_1", status="completed") == [raw]


@pytest.mark.parametrize(
    ("kind", "block"),
    [
        ("web_search_call", HostedCallBlock),
        ("mcp_approval_request", HostedCallBlock),
        ("code_interpreter_call", HostedCallBlock),
        ("shell_call_output", HostedResultBlock),
        ("program_output", HostedResultBlock),
        ("compaction", CompactionBlock),
        ("function_call_output", OpaqueBlock),
        ("additional_tools", OpaqueBlock),
        ("hologram", OpaqueBlock),
    ],
)
def test_what_other_dialects_have_no_words_for_is_kept_whole(kind, block):
    raw = {"type": kind, "id": "x_1", "call_id": "c", "output": "o", "later": [1]}
    (read_block,) = read(raw)
    assert isinstance(read_block, block)
    assert read_block.raw == raw


@pytest.mark.parametrize("raw", [MESSAGE, CALL, CUSTOM])
def test_an_item_is_read_as_its_replay_is(raw):
    assert read(raw) == read_item(raw, param="input[0]", limits=DEFAULT_LIMITS).blocks


@pytest.mark.parametrize(
    ("raw", "param"),
    [
        ({}, "output[0].type"),
        ({"type": 5, "role": "assistant"}, "output[0].type"),
        ({**MESSAGE, "content": "hi"}, "output[0].content"),
        ({**MESSAGE, "content": None}, "output[0].content"),
        ({**MESSAGE, "content": [{}]}, "output[0].content[0].type"),
        ({**MESSAGE, "content": [{**TEXT, "text": 1}]}, "output[0].content[0].text"),
        (
            {**MESSAGE, "content": [{**TEXT, "annotations": [1]}]},
            "output[0].content[0].annotations[0]",
        ),
        ({**CALL, "name": ""}, "output[0].name"),
        ({**CALL, "name": None}, "output[0].name"),
        ({**CALL, "arguments": {}}, "output[0].arguments"),
        ({**CALL, "id": 5}, "output[0].id"),
        ({**CUSTOM, "input": None}, "output[0].input"),
        ({**REASONING, "summary": [{}]}, "output[0].summary[0].text"),
        ({**REASONING, "encrypted_content": 1}, "output[0].encrypted_content"),
    ],
)
def test_a_malformed_item_is_refused_by_name(raw, param):
    with pytest.raises(InvalidRequestError) as caught:
        read(raw)
    assert caught.value.details.param == param
