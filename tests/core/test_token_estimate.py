"""The estimator: its scale for scripts, its fixed amounts, and that it counts everything."""

import pytest

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
    estimate_text_tokens,
    estimate_tokens,
)

SOURCE = RequestSource(dialect="openai_chat")
TEN_TOKENS = "t" * 40


def request(*blocks, **fields):
    turns = [Message(role="user", blocks=list(blocks))] if blocks else []
    return NormalizedRequest(model="m", source=SOURCE, turns=turns, **fields)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a", 1),
        ("abcd", 1),
        ("abcde", 2),
        ("é" * 3, 2),
        ("Привет", 4),
        ("你好世界", 4),
        ("🙂🙂🙂", 4),
        ("ab你好", 3),
        ("\ud800", 1),
    ],
)
def test_text_counts_by_characters_and_their_utf8_length(text, tokens):
    assert estimate_text_tokens(text) == tokens


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
        (HostedCallBlock(dialect="d", type="t", raw={"aa": "bbbbb"}), 4),
        (CompactionBlock(dialect="d", raw={"aa": "bbbbb"}), 4),
    ],
)
def test_each_kind_of_block_counts(block, tokens):
    assert estimate_tokens(request(block)) == REQUEST_TOKENS + MESSAGE_TOKENS + tokens


@pytest.mark.parametrize(
    ("tool", "tokens"),
    [
        (FunctionTool(name="abcd", description=TEN_TOKENS, schema={"aa": "bbbbb"}), 15),
        (FunctionTool(name="abcd"), 1),
        (CustomTool(name="abcd", format={"aa": "bbbbb"}), 5),
        (HostedTool(dialect="d", type="t", config={"aa": "bbbbb"}), 4),
    ],
)
def test_each_kind_of_tool_counts(tool, tokens):
    assert estimate_tokens(request(tools=[tool])) == REQUEST_TOKENS + TOOL_TOKENS + tokens


def test_instructions_names_and_the_output_schema_count():
    asked = request(
        instructions=[TextBlock(text=TEN_TOKENS)],
        output=Output(format=OutputFormat(kind="json_schema", schema={"aa": "bbbbb"})),
    )
    asked.turns = [Message(role="user", name="abcd", blocks=[])]
    assert estimate_tokens(asked) == REQUEST_TOKENS + MESSAGE_TOKENS + 10 + 4 + MESSAGE_TOKENS + 1
