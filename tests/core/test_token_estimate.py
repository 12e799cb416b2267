"""The estimate of a request: its fixed amounts, and that it counts everything once."""

import json

import msgspec
import pytest

from lunaroute_core import InvalidRequestError
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.model import (
    AudioBlock,
    CompactionBlock,
    CustomTool,
    DocumentBlock,
    FileSource,
    FunctionTool,
    HostedCallBlock,
    HostedTool,
    ImageBlock,
    InlineSource,
    Message,
    NormalizedRequest,
    Output,
    OutputFormat,
    ReasoningBlock,
    RefusalBlock,
    RequestSource,
    SearchResultBlock,
    TextBlock,
    TextSource,
    ToolCallBlock,
    ToolResultBlock,
    UrlSource,
)
from lunaroute_core.token_estimate import (
    AUDIO_TOKENS,
    CALL_TOKENS,
    DOCUMENT_TOKENS,
    IMAGE_TOKENS,
    MESSAGE_TOKENS,
    REQUEST_TOKENS,
    TOOL_TOKENS,
    estimate_tokens,
)

SOURCE = RequestSource(dialect="openai_chat")
TEN_TOKENS = "the quick brown fox jumps over a lazy dog today"
JSON, FIVE_TOKENS = {"aa": "bbbbb"}, 5


def request(*blocks, **fields):
    turns = [Message(role="user", blocks=list(blocks))] if blocks else []
    return NormalizedRequest(model="m", source=SOURCE, turns=turns, **fields)


def test_an_empty_request_costs_its_frame():
    assert estimate_tokens(request()) == REQUEST_TOKENS


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        (TextBlock(text=TEN_TOKENS), 10),
        (RefusalBlock(text=TEN_TOKENS), 10),
        (ReasoningBlock(parts=[TEN_TOKENS, TEN_TOKENS], opaque="x" * 999), 20),
        (ImageBlock(source=InlineSource(media_type="image/png", data="A" * 9999)), IMAGE_TOKENS),
        (ImageBlock(source=UrlSource(url="https://example.com/a.png")), IMAGE_TOKENS),
        (AudioBlock(data="A" * 9999, format="wav"), AUDIO_TOKENS),
        (DocumentBlock(source=TextSource(text=TEN_TOKENS)), 10),
        (DocumentBlock(source=FileSource(vendor="openai", file_id="f")), DOCUMENT_TOKENS),
        (DocumentBlock(title=TEN_TOKENS, blocks=[TextBlock(text=TEN_TOKENS)]), 20),
        (SearchResultBlock(source="s", title=TEN_TOKENS, blocks=[TextBlock(text="abcd")]), 11),
        (ToolCallBlock(id="c", name="abcd", raw_arguments=TEN_TOKENS), CALL_TOKENS + 11),
        (ToolResultBlock(call_id="c", blocks=[TextBlock(text=TEN_TOKENS)]), CALL_TOKENS + 10),
        (HostedCallBlock(dialect="d", type="t", raw={"a": "b" * 92}), 25),
        (CompactionBlock(dialect="d", raw={"a": "b" * 93}), 26),
    ],
)
def test_each_kind_of_block_counts(block, tokens):
    assert estimate_tokens(request(block)) == REQUEST_TOKENS + MESSAGE_TOKENS + tokens


@pytest.mark.parametrize(
    ("tool", "tokens"),
    [
        (FunctionTool(name="abcd", description=TEN_TOKENS, schema=JSON), 11 + FIVE_TOKENS),
        (FunctionTool(name="abcd"), 1),
        (CustomTool(name="abcd", format=JSON), 1 + FIVE_TOKENS),
        (HostedTool(dialect="d", type="t", config=JSON), FIVE_TOKENS),
    ],
)
def test_each_kind_of_tool_counts(tool, tokens):
    assert estimate_tokens(request(tools=[tool])) == REQUEST_TOKENS + TOOL_TOKENS + tokens


def test_instructions_names_and_the_output_schema_count():
    asked = request(
        instructions=[TextBlock(text=TEN_TOKENS)],
        output=Output(format=OutputFormat(kind="json_schema", schema=JSON)),
    )
    asked.turns = [Message(role="user", name="abcd", blocks=[])]
    assert estimate_tokens(asked) == REQUEST_TOKENS + 2 * MESSAGE_TOKENS + 10 + FIVE_TOKENS + 1


def test_what_is_nested_too_deeply_is_refused():
    schema = {}
    for _ in range(10_000):
        schema = {"a": schema}
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        estimate_tokens(request(tools=[FunctionTool(name="f", schema=schema)]))


CALL = {"city": "Köln", "days": 3}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
ABOUT = "Looks up the weather."
PNG = "iVBORw0KGgo="

AS_MESSAGES = {
    "system": "You know the weather.",
    "tools": [{"name": "weather", "description": ABOUT, "input_schema": SCHEMA}],
    "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "How is it here, and in Bonn?"},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look it up."},
                {"type": "tool_use", "id": "call_1", "name": "weather", "input": CALL},
                {"type": "tool_use", "id": "call_2", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "It rains."},
                {"type": "tool_result", "tool_use_id": "call_2", "content": "It snows."},
                {"type": "text", "text": "And tomorrow?"},
            ],
        },
    ],
}
AS_CHAT = {
    "tools": [
        {
            "type": "function",
            "function": {"name": "weather", "description": ABOUT, "parameters": SCHEMA},
        }
    ],
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}},
    "messages": [
        {"role": "system", "content": "You know the weather."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "How is it here, and in Bonn?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            ],
        },
        {
            "role": "assistant",
            "content": "I look it up.",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": json.dumps(CALL, indent=2)},
                },
                {
                    "id": "call_2",
                    "type": "function",
                    "function": {"name": "weather", "arguments": "{ }"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "It rains."},
        {"role": "tool", "tool_call_id": "call_2", "content": "It snows."},
        {"role": "user", "content": "And tomorrow?"},
    ],
}
AS_RESPONSES = {
    "instructions": "You know the weather.",
    "tools": [{"type": "function", "name": "weather", "description": ABOUT, "parameters": SCHEMA}],
    "text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}},
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "How is it here, and in Bonn?"},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"},
            ],
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "I look it up."}],
        },
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "weather",
            "arguments": json.dumps(CALL),
        },
        {"type": "function_call", "call_id": "call_2", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "It rains."},
        {"type": "function_call_output", "call_id": "call_2", "output": "It snows."},
        {"role": "user", "content": "And tomorrow?"},
    ],
}


def test_a_conversation_is_estimated_alike_in_whichever_dialect_it_is_held():
    bodies = {
        "anthropic_messages": {**AS_MESSAGES, "max_tokens": 9},
        "openai_chat": AS_CHAT,
        "openai_responses": AS_RESPONSES,
    }
    estimates = {
        dialect: estimate_tokens(
            DIALECTS[dialect].requests.decode(msgspec.json.encode({"model": "m", **body}))
        )
        for dialect, body in bodies.items()
    }
    assert set(estimates) == {*DIALECTS}
    assert len(set(estimates.values())) == 1, estimates
