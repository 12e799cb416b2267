"""Estimates a request's input tokens, without any vendor's tokenizer.

It is an estimate and nothing else: vendors keep their framing of messages and tools, and
mostly their tokenizers, to themselves and change them between models. Good for quotas, for
routing by size, for knowing when a context is nearly full, and for simulated answers; not for
bills. How good it is for which text is told in `lunaroute_core.text_tokens`; the fixed amounts
below are the vendors' own where a source is named, and guesses elsewhere.

The same conversation is estimated alike whichever dialect it came in.
"""

from itertools import groupby

import msgspec
from msgspec import UNSET

from lunaroute_core.errors import InvalidRequestError
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
from lunaroute_core.text_tokens import estimate_text_tokens

REQUEST_TOKENS = 3
"""Around the conversation. Source: OpenAI's cookbook, "How to count tokens"."""
MESSAGE_TOKENS = 4
"""Around each turn: role and separators. Source: the same. A turn is all that is said before
another speaks, however many messages it has: results of calls have messages of their own in
some dialects, and are blocks of one in others."""
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
SEALED_BYTES = 4
"""Bytes of JSON for a token of what only its vendor can read: much of it is base64, which takes
more bytes than the text inside, but is not what the model is given."""


def estimate_tokens(request: NormalizedRequest) -> int:
    """Input tokens of a request: instructions, conversation, tools and output schema.

    Images, recordings and documents that are not plain text count a fixed amount each.

    Raises:
        InvalidRequestError: a schema or a call's arguments are nested too deeply.
    """
    try:
        return _request_tokens(request)
    except RecursionError as error:
        raise InvalidRequestError("the request is nested too deeply") from error


def _request_tokens(request: NormalizedRequest) -> int:
    total = REQUEST_TOKENS + sum(map(_message_tokens, request.turns))
    total += MESSAGE_TOKENS * sum(1 for _ in groupby(request.turns, key=_speaker))
    if request.instructions:
        total += MESSAGE_TOKENS + _blocks_tokens(request.instructions)
    total += sum(map(_tool_tokens, request.tools))
    if request.output.format is not None and request.output.format.schema is not None:
        total += _json_tokens(request.output.format.schema)
    return total


def _speaker(message: Message) -> str:
    return "user" if message.role == "tool" else message.role


def _message_tokens(message: Message) -> int:
    return _texts_tokens(message.name) + _blocks_tokens(message.blocks)


def _blocks_tokens(blocks: list[Block]) -> int:
    return sum(map(_block_tokens, blocks))


def _block_tokens(block: Block) -> int:  # noqa: PLR0911 - one line for each kind of block
    match block:
        case TextBlock() | RefusalBlock():
            return estimate_text_tokens(block.text)
        case ToolCallBlock():
            return CALL_TOKENS + estimate_text_tokens(block.name) + _arguments_tokens(block)
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
            return -(-len(msgspec.json.encode(block.raw)) // SEALED_BYTES)


def _arguments_tokens(call: ToolCallBlock) -> int:
    """The arguments as a value: some dialects give an object, others the model's own text."""
    if call.arguments is UNSET:
        return estimate_text_tokens(call.raw_arguments)
    return _json_tokens(call.arguments)


def _document_tokens(block: DocumentBlock) -> int:
    about = _texts_tokens(block.title, block.context)
    if isinstance(block.source, TextSource):
        return about + estimate_text_tokens(block.source.text)
    if block.source is None:
        return about + _blocks_tokens(block.blocks)
    return about + DOCUMENT_TOKENS


def _tool_tokens(tool: Tool) -> int:
    match tool:
        case FunctionTool():
            texts, schema = (tool.name, tool.description), tool.schema
        case CustomTool():
            texts, schema = (tool.name, tool.description), tool.format
        case HostedTool():
            texts, schema = (), tool.config
    return TOOL_TOKENS + _texts_tokens(*texts) + (_json_tokens(schema) if schema else 0)


def _texts_tokens(*texts: str | None) -> int:
    return sum(estimate_text_tokens(text) for text in texts if text)


def _json_tokens(value: JSONValue) -> int:
    return estimate_text_tokens(msgspec.json.encode(value).decode())
