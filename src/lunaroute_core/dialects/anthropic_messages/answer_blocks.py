"""Writes the blocks of an answer."""

from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.object_text import RAW_ARGUMENTS, object_text
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    Block,
    Citation,
    CompactionBlock,
    HostedCallBlock,
    HostedResultBlock,
    OpaqueBlock,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
    ToolCallBlock,
)

_ARGUMENTS = Decoder(JSONObject)

PARTS_SEPARATOR = "\n\n"
"""Between the parts of one reasoning block, which here is one text."""


def write_block(block: Block) -> JSONObject | None:
    """A block as it stands in `content`; None for one that no Anthropic answer can hold.

    Those are media, documents and tool results, and other vendors' own blocks. A refusal
    is a text: that a model refused is said by the stop reason.
    """
    match block:
        case TextBlock():
            return {"type": "text", "text": block.text, **_citations(block), **_extras(block)}
        case RefusalBlock():
            return {"type": "text", "text": block.text}
        case ToolCallBlock():
            return {**write_call(block), "input": write_input(block)}
        case ReasoningBlock():
            return {**_write_reasoning(block), **_extras(block)}
        case HostedCallBlock() | HostedResultBlock() | CompactionBlock() | OpaqueBlock():
            return block.raw if block.dialect == DIALECT else None
        case _:
            return None


def write_call(call: ToolCallBlock) -> JSONObject:
    """A call without its input."""
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": {}, **_extras(call)}


def write_input(call: ToolCallBlock) -> JSONValue:
    """A call's arguments as an object, which is what Anthropic's are.

    None at all are `{}`. A custom tool's text is under `input`. What is no object, or was cut
    short, has a member `_raw_arguments` with all of it, so that the client's tool sees it and
    can say what is wrong.
    """
    if call.tool_kind == "custom":
        return {"input": call.raw_arguments}
    try:
        return _ARGUMENTS.decode(call.raw_arguments)
    except (ValueError, RecursionError):
        return _read_input(call.raw_arguments)


def _read_input(raw: str) -> JSONObject:
    try:
        return _ARGUMENTS.decode(object_text(raw))
    except ValueError:  # a number that no float can hold
        return {RAW_ARGUMENTS: raw}


def write_citation(citation: Citation) -> JSONObject | None:
    """A citation; another vendor's cannot be said here, as its source cannot."""
    return citation.raw if citation.dialect == DIALECT else None


def _citations(block: TextBlock) -> JSONObject:
    citations: list[JSONValue] = [c for c in map(write_citation, block.citations) if c is not None]
    return {"citations": citations} if citations else {}


def _write_reasoning(block: ReasoningBlock) -> JSONObject:
    if block.variant == "redacted":
        return {"type": "redacted_thinking", "data": block.opaque or ""}
    text = PARTS_SEPARATOR.join(part for part in block.parts if part)
    return {"type": "thinking", "thinking": text, "signature": block.opaque or ""}


def _extras(block: Block) -> JSONObject:
    return block.extensions.get(DIALECT, {})
