"""Reads what the model wrote: whole messages, and the blocks that streams open."""

from typing import Literal

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.blocks import ANSWER_BLOCKS, read_block
from lunaroute_core.dialects.anthropic_messages.fields import ANY, RAW_OBJECT
from lunaroute_core.dialects.anthropic_messages.finish import read_finish
from lunaroute_core.dialects.anthropic_messages.name import DIALECT, VENDOR
from lunaroute_core.dialects.anthropic_messages.usage import WireUsage, read_usage
from lunaroute_core.dialects.request_json import read_request
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject
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


class _Begun(Struct, kw_only=True):
    """What is modelled of any message, also of the one that opens a stream."""

    id: str
    model: str
    role: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: JSONObject | None = None
    usage: WireUsage | None = None


class _Message(_Begun, kw_only=True):
    """What is modelled of a finished message."""

    type: str
    content: list[Raw]


class _PlainMessage(_Message, kw_only=True, forbid_unknown_fields=True):
    """One without any other field, as most are."""


class _PlainText(Struct, forbid_unknown_fields=True):
    """A text of which nothing else is said, as most are."""

    type: Literal["text"]
    text: str
    citations: None = None


_BEGUN, _MESSAGE = Decoder(_Begun), Decoder(_Message)
_PLAIN_MESSAGE, _PLAIN_TEXT = Decoder(_PlainMessage), Decoder(_PlainText)
_MODELLED = frozenset(_Message.__struct_fields__)


def answer_error(error: InvalidRequestError) -> ValueError:
    """What is wrong with an answer is no error of the request's."""
    return ValueError(error.details.message)


def read_message(body: bytes) -> NormalizedResponse:
    """A finished message.

    Raises:
        ValueError: the bytes are no message.
    """
    try:
        message, extensions = _read_whole(body)
        if message.type != "message":
            raise ValueError(f"not a message but {message.type!r}")
        blocks = [
            read_answer_block(raw, path=f"content[{at}]", model=message.model)
            for at, raw in enumerate(message.content)
        ]
    except InvalidRequestError as error:
        raise answer_error(error) from error
    return NormalizedResponse(
        id=message.id,
        model=message.model,
        blocks=blocks,
        finish=read_finish(
            message.stop_reason,
            stop_sequence=message.stop_sequence,
            details=message.stop_details,
            calls=ToolCallBlock in map(type, blocks),
        ),
        usage=None if message.usage is None else read_usage(message.usage),
        extensions=extensions,
    )


def _read_whole(body: bytes) -> tuple[_Message, Extensions]:
    """A message and what is not modelled of it; that is looked for only where there is some."""
    try:
        return _PLAIN_MESSAGE.decode(body), {}
    except (DecodeError, RecursionError, UnicodeDecodeError):
        return read_request(_MESSAGE, body), _extensions(body)


def read_start(raw: Raw) -> StreamStart:
    """The message that opens a stream, which has no content yet.

    Raises:
        ValueError: it is no message.
    """
    try:
        begun = read_request(_BEGUN, raw, path="message")
        extensions = _extensions(raw)
    except InvalidRequestError as error:
        raise answer_error(error) from error
    usage = None if begun.usage is None else read_usage(begun.usage)
    return StreamStart(id=begun.id, model=begun.model, usage=usage, extensions=extensions)


def read_answer_block(raw: Raw, *, path: str, model: str) -> Block:
    """A block of an answer; InvalidRequestError, to be turned into another, for no block."""
    try:
        return TextBlock(text=_PLAIN_TEXT.decode(raw).text)
    except (DecodeError, RecursionError, UnicodeDecodeError):
        block = read_block(raw, path, ANSWER_BLOCKS)
    if isinstance(block, ReasoningBlock):
        block.origin = Origin(dialect=DIALECT, vendor=VENDOR, model=model)
    elif block.extensions and isinstance(block, TextBlock):
        block.extensions = _without_empty_citations(block.extensions)
    return block


def _without_empty_citations(extensions: Extensions) -> Extensions:
    """No citations are null in an answer, and so are those of a text that is only beginning."""
    rest = {key: it for key, it in extensions.get(DIALECT, {}).items() if key != "citations"}
    return {DIALECT: rest} if rest else {}


def _extensions(raw: bytes | Raw) -> Extensions:
    """The fields of a message that are not modelled."""
    fields = read_request(RAW_OBJECT, raw)
    if fields.keys() <= _MODELLED:
        return {}
    rest = {key: ANY.decode(value) for key, value in fields.items() if key not in _MODELLED}
    return {DIALECT: rest}
