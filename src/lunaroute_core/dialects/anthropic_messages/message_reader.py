"""Reads what the model wrote: whole messages, and the blocks that streams open.

Most messages hold nothing but what is modelled, and are read in one pass. What else there is
in others is looked for field by field, which also finds the one that is wrong.
"""

from typing import Literal, TypeAlias

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType
from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.blocks import (
    ANSWER_BLOCKS,
    read_block,
    read_citation,
)
from lunaroute_core.dialects.anthropic_messages.fields import ANY, OBJECT, RAW_OBJECT
from lunaroute_core.dialects.anthropic_messages.finish import read_finish
from lunaroute_core.dialects.anthropic_messages.name import DIALECT, VENDOR
from lunaroute_core.dialects.anthropic_messages.usage import WireUsage, read_usage
from lunaroute_core.dialects.request_json import read_request
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
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


class _PlainText(Struct, tag="text", tag_field="type", forbid_unknown_fields=True):
    text: str
    citations: list[JSONObject] | None = None


class _PlainCall(Struct, tag="tool_use", tag_field="type", forbid_unknown_fields=True):
    id: str
    name: str
    input: Raw
    caller: JSONValue | UnsetType = UNSET
    """Whose call it is: the model's own, or one that its code makes."""


class _PlainThinking(Struct, tag="thinking", tag_field="type", forbid_unknown_fields=True):
    thinking: str
    signature: str | UnsetType = UNSET


_PlainBlock: TypeAlias = _PlainText | _PlainCall | _PlainThinking


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


class _PlainMessage(_Begun, kw_only=True, forbid_unknown_fields=True):
    """A message of which nothing else is said, nor of any of its blocks."""

    type: Literal["message"]
    content: list[_PlainBlock]


_BEGUN, _MESSAGE = Decoder(_Begun), Decoder(_Message)
_PLAIN_MESSAGE: Decoder[_PlainMessage] = Decoder(_PlainMessage)
_PLAIN_BLOCK: Decoder[_PlainBlock] = Decoder(_PlainBlock)
_MODELLED = frozenset(_Message.__struct_fields__)


def answer_error(error: InvalidRequestError) -> ValueError:
    """What is wrong with an answer is no error of the request's."""
    return ValueError(error.details.message)


def read_message(body: bytes) -> NormalizedResponse:
    """A finished message.

    Raises:
        ValueError: the bytes are no message.
    """
    extensions: Extensions = {}
    try:
        message = _PLAIN_MESSAGE.decode(body)
        blocks = _plain_blocks(message.content, message.model)
    except (DecodeError, RecursionError, UnicodeDecodeError):
        message, blocks, extensions = _read_by_field(body)
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


def _read_by_field(body: bytes) -> tuple[_Message, list[Block], Extensions]:
    """A message, its blocks and what is not modelled of it."""
    try:
        message, extensions = read_request(_MESSAGE, body), _extensions(body)
        if message.type != "message":
            raise ValueError(f"not a message but {message.type!r}")
        blocks = [
            read_answer_block(raw, path=f"content[{at}]", model=message.model)
            for at, raw in enumerate(message.content)
        ]
    except InvalidRequestError as error:
        raise answer_error(error) from error
    return message, blocks, extensions


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
        return _plain_blocks([_PLAIN_BLOCK.decode(raw)], model)[0]
    except (DecodeError, RecursionError, UnicodeDecodeError):
        block = read_block(raw, path, ANSWER_BLOCKS)
    if isinstance(block, ReasoningBlock):
        block.origin = Origin(dialect=DIALECT, vendor=VENDOR, model=model)
    elif block.extensions and isinstance(block, TextBlock):
        block.extensions = _without_empty_citations(block.extensions)
    return block


def _plain_blocks(plain: list[_PlainBlock], model: str) -> list[Block]:
    blocks: list[Block] = []
    for block in plain:
        match block:
            case _PlainText():
                cited = [read_citation(it) for it in block.citations] if block.citations else []
                blocks.append(TextBlock(text=block.text, citations=cited))
            case _PlainCall():
                blocks.append(_plain_call(block))
            case _PlainThinking():
                blocks.append(_plain_thinking(block, model))
    return blocks


def _plain_call(call: _PlainCall) -> ToolCallBlock:
    return ToolCallBlock(
        id=call.id,
        name=call.name,
        raw_arguments=bytes(call.input).decode(),
        arguments=OBJECT.decode(call.input),
        extensions={} if call.caller is UNSET else {DIALECT: {"caller": call.caller}},
    )


def _plain_thinking(block: _PlainThinking, model: str) -> ReasoningBlock:
    signature = None if block.signature is UNSET else block.signature
    hidden = not block.thinking and bool(signature)
    return ReasoningBlock(
        variant="signature_only" if hidden else "visible",
        parts=[] if hidden else [block.thinking],
        opaque=signature,
        origin=Origin(dialect=DIALECT, vendor=VENDOR, model=model),
    )


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
