"""Estimates a request's input tokens, without any vendor's tokenizer.

It is an estimate and nothing else: vendors keep their tokenizers and their framing of
messages and tools to themselves and change them between models. Good for quotas, for
routing by size and for simulated answers; not for bills. It takes one pass over the text
and no tables, so it costs about as much as copying the text.
"""

import msgspec

from lunaroute_core.json_value import JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    CompactionBlock,
    CustomTool,
    DocumentBlock,
    FunctionTool,
    HostedCallBlock,
    HostedResultBlock,
    HostedTool,
    ImageBlock,
    Message,
    NormalizedRequest,
    OpaqueBlock,
    ReasoningBlock,
    RefusalBlock,
    SearchResultBlock,
    TextBlock,
    TextSource,
    Tool,
    ToolCallBlock,
    ToolResultBlock,
)

REQUEST_TOKENS = 3
"""Around the conversation. Source: OpenAI's cookbook, "How to count tokens"."""
MESSAGE_TOKENS = 4
"""Around each message: role and separators. Source: the same."""
TOOL_TOKENS = 8
"""Around each tool, besides its name, description and schema."""
CALL_TOKENS = 8
"""Around each tool call and each result: ids and separators."""
IMAGE_TOKENS = 1_200
"""An image of about one megapixel: Anthropic counts width x height / 750, at most about
1,600; OpenAI 85 at low detail and 765 and more at high detail."""
DOCUMENT_TOKENS = 3_000
"""A document whose text is not in the request; Anthropic counts 1,500 to 3,000 a page."""
AUDIO_TOKENS = 500
"""A recording whose length is not known."""


def estimate_text_tokens(text: str) -> int:
    """Tokens in a text, rounded up.

    An ASCII character counts as a quarter of a token, any other by its length in UTF-8 at
    a third of a token per byte: two thirds for accented Latin, Greek, Cyrillic, Arabic;
    one for Chinese, Japanese, Korean, Thai; four thirds for emoji.
    """
    length = len(text)
    if text.isascii():
        return (length + 3) // 4
    ascii_length = len(text.encode("ascii", "ignore"))
    other_bytes = len(text.encode("utf-8", "surrogatepass")) - ascii_length
    return (3 * ascii_length + 4 * other_bytes + 11) // 12


def estimate_tokens(request: NormalizedRequest) -> int:
    """Input tokens of a request: instructions, conversation, tools and output schema.

    Images, recordings and documents that are not plain text count a fixed amount each.
    """
    total = REQUEST_TOKENS + sum(map(_message_tokens, request.turns))
    if request.instructions:
        total += MESSAGE_TOKENS + _blocks_tokens(request.instructions)
    total += sum(map(_tool_tokens, request.tools))
    if request.output.format is not None and request.output.format.schema is not None:
        total += _json_tokens(request.output.format.schema)
    return total


def _message_tokens(message: Message) -> int:
    name = estimate_text_tokens(message.name) if message.name else 0
    return MESSAGE_TOKENS + name + _blocks_tokens(message.blocks)


def _blocks_tokens(blocks: list[Block]) -> int:
    return sum(map(_block_tokens, blocks))


def _block_tokens(block: Block) -> int:  # noqa: PLR0911 - one line for each kind of block
    match block:
        case TextBlock() | RefusalBlock():
            return estimate_text_tokens(block.text)
        case ToolCallBlock():
            arguments = estimate_text_tokens(block.raw_arguments)
            return CALL_TOKENS + estimate_text_tokens(block.name) + arguments
        case ToolResultBlock():
            return CALL_TOKENS + _blocks_tokens(block.blocks)
        case ReasoningBlock():
            return sum(map(estimate_text_tokens, block.parts))
        case ImageBlock():
            return IMAGE_TOKENS
        case AudioBlock():
            return AUDIO_TOKENS
        case DocumentBlock():
            return _document_tokens(block)
        case SearchResultBlock():
            return estimate_text_tokens(block.title) + _blocks_tokens(block.blocks)
        case HostedCallBlock() | HostedResultBlock() | CompactionBlock() | OpaqueBlock():
            return _json_tokens(block.raw)


def _document_tokens(block: DocumentBlock) -> int:
    about = estimate_text_tokens(f"{block.title or ''}{block.context or ''}")
    if isinstance(block.source, TextSource):
        return about + estimate_text_tokens(block.source.text)
    if block.source is None:
        return about + _blocks_tokens(block.blocks)
    return about + DOCUMENT_TOKENS


def _tool_tokens(tool: Tool) -> int:
    match tool:
        case FunctionTool():
            text, schema = f"{tool.name}{tool.description or ''}", tool.schema
        case CustomTool():
            text, schema = f"{tool.name}{tool.description or ''}", tool.format
        case HostedTool():
            text, schema = "", tool.config
    return TOOL_TOKENS + estimate_text_tokens(text) + (_json_tokens(schema) if schema else 0)


def _json_tokens(value: JSONValue) -> int:
    return estimate_text_tokens(msgspec.json.encode(value).decode())
