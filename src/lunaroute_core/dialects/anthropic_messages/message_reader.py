"""Reads what the model wrote: whole messages, and the blocks that streams open."""

from collections.abc import Generator
from contextlib import contextmanager

from msgspec import Raw
from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.blocks import ANSWER_BLOCKS, read_block
from lunaroute_core.dialects.anthropic_messages.fields import OBJECT, RAW_LIST, TEXT, JSONFields
from lunaroute_core.dialects.anthropic_messages.finish import read_finish
from lunaroute_core.dialects.anthropic_messages.name import DIALECT, VENDOR
from lunaroute_core.dialects.anthropic_messages.usage import WireUsage, read_usage
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    Block,
    Extensions,
    NormalizedResponse,
    Origin,
    ReasoningBlock,
    StreamStart,
    TextBlock,
    ToolCallBlock,
)

_USAGE = Decoder(WireUsage)


@contextmanager
def answer_errors() -> Generator[None]:
    """What is wrong with an answer is no error of the request's."""
    try:
        yield
    except InvalidRequestError as error:
        raise ValueError(error.details.message) from error


def read_message(body: bytes) -> NormalizedResponse:
    """A finished message.

    Raises:
        ValueError: the bytes are no message.
    """
    with answer_errors():
        fields = JSONFields(body)
        if (kind := fields.require("type", TEXT)) != "message":
            raise ValueError(f"not a message but {kind!r}")
        fields.take("role", TEXT)
        usage = fields.take("usage", _USAGE)
        response = NormalizedResponse(
            id=fields.require("id", TEXT),
            model=fields.require("model", TEXT),
            usage=None if usage is None else read_usage(usage),
        )
        response.blocks = _read_content(fields, model=response.model)
        calls = any(isinstance(block, ToolCallBlock) for block in response.blocks)
        response.finish = read_finish(
            fields.take("stop_reason", TEXT),
            stop_sequence=fields.take("stop_sequence", TEXT),
            details=fields.take("stop_details", OBJECT),
            calls=calls,
        )
        response.extensions = _extensions(fields)
    return response


def read_start(raw: Raw) -> StreamStart:
    """The message that opens a stream, which has no content yet.

    Raises:
        ValueError: it is no message.
    """
    with answer_errors():
        fields = JSONFields(raw, path="message")
        usage = fields.take("usage", _USAGE)
        for key in ("type", "role"):
            fields.take(key, TEXT)
        fields.take("content", RAW_LIST)
        start = StreamStart(
            id=fields.require("id", TEXT),
            model=fields.require("model", TEXT),
            usage=None if usage is None else read_usage(usage),
        )
        start.extensions = _extensions(fields)
    return start


def read_answer_block(raw: Raw, *, path: str, model: str) -> Block:
    """A block of an answer; InvalidRequestError, to be turned into another, for no block."""
    block = read_block(raw, path, ANSWER_BLOCKS)
    if isinstance(block, ReasoningBlock):
        block.origin = Origin(dialect=DIALECT, vendor=VENDOR, model=model)
    elif isinstance(block, TextBlock):
        block.extensions = _without_empty_citations(block.extensions)
    return block


def _without_empty_citations(extensions: Extensions) -> Extensions:
    """No citations are null in an answer, and so are those of a text that is only beginning."""
    rest = {key: it for key, it in extensions.get(DIALECT, {}).items() if key != "citations"}
    return {DIALECT: rest} if rest else {}


def _read_content(fields: JSONFields, *, model: str) -> list[Block]:
    return [
        read_answer_block(raw, path=f"content[{at}]", model=model)
        for at, raw in enumerate(fields.require("content", RAW_LIST))
    ]


_STOP = ("stop_reason", "stop_sequence", "stop_details")


def _extensions(fields: JSONFields) -> Extensions:
    """The rest; that a message has not stopped, or of itself, is no field of it."""
    rest = {key: value for key, value in fields.rest().items() if key not in _STOP}
    return {DIALECT: rest} if rest else {}
