"""Reads output items: `output_items` the other way round.

Items are read as `input_items` reads them when a client sends them back, so that an answer and
its replay are the same blocks. But what only a client says, such as a tool's output, is kept
whole here, and so is a message's part of a type that no answer has.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from lunaroute_core.dialects.openai_responses.content_parts import read_part
from lunaroute_core.dialects.openai_responses.fields import (
    ITEM,
    extensions_of,
    mark,
    read_object,
    remainder,
)
from lunaroute_core.dialects.openai_responses.input_items import (
    HOSTED_CALLS,
    HOSTED_RESULTS,
    read_item,
    read_reasoning,
)
from lunaroute_core.dialects.openai_responses.name import DIALECT, VENDOR
from lunaroute_core.dialects.openai_vendor.logprobs import read_tokens
from lunaroute_core.dialects.request_json import missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    OpaqueBlock,
    Origin,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_core.request_limits import DEFAULT_LIMITS

ReasoningField: TypeAlias = Literal["summary", "content"]

CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
"""Calls of the client's tools, and the field that each has its arguments in."""

_PARTS = frozenset({"output_text", "text", "refusal"})
_KEPT_WHOLE = HOSTED_CALLS | HOSTED_RESULTS | {"compaction"}


class _Message(Struct):
    content: list[JSONObject]


def item_type(raw: JSONObject, *, param: str) -> str:
    """The item's type, which messages may leave out, as they may in requests."""
    kind = raw.get("type")
    if isinstance(kind, str):
        return kind
    if kind is None and "role" in raw:
        return "message"
    raise missing_field(f"{param}.type")


def read_output_item(raw: JSONObject, *, param: str, model: str) -> list[Block]:
    """The blocks of an item: the parts of a message, otherwise one.

    Raises:
        InvalidRequestError: it is malformed; `param` names the field.
    """
    kind = item_type(raw, param=param)
    if kind == "message":
        return read_message(raw, param=param)
    if kind in CALLS:
        return [read_call(raw, param=param)]
    if kind == "reasoning":
        return [read_answer_reasoning(raw, param=param, model=model)]
    return [read_whole(raw, param=param)]


def read_message(raw: JSONObject, *, param: str) -> list[Block]:
    """A message's parts, of which the first holds the item; an empty message stays whole."""
    parts = read_object(raw, _Message, param=param).content
    blocks = [
        read_answer_part(part, param=f"{param}.content[{at}]") for at, part in enumerate(parts)
    ]
    if not blocks:
        return [OpaqueBlock(dialect=DIALECT, type="message", raw=raw)]
    mark(blocks[0], ITEM, remainder(raw, {"content"}))
    return blocks


def read_answer_part(raw: JSONObject, *, param: str) -> Block:
    kind = raw.get("type")
    if not isinstance(kind, str):
        raise missing_field(f"{param}.type")
    if kind in _PARTS:
        block = read_part(raw, usual="output_text", param=param)
        if isinstance(block, TextBlock):
            _take_logprobs(block)
        return block
    block = OpaqueBlock(dialect=DIALECT, type=kind, raw=raw)
    mark(block, ITEM, None)
    return block


def _take_logprobs(text: TextBlock) -> None:
    """Of requests they are a field like others; an answer's are what its client asked for."""
    own = text.extensions.get(DIALECT, {})
    if tokens := read_tokens(own.get("logprobs")):
        text.logprobs = tokens
        text.extensions = extensions_of({k: v for k, v in own.items() if k != "logprobs"})


def read_call(raw: JSONObject, *, param: str) -> ToolCallBlock:
    """A call of a client's tool.

    Raises:
        InvalidRequestError: it is malformed, or does not say what is called.
    """
    (block,) = read_item(raw, param=param, limits=DEFAULT_LIMITS).blocks
    if not isinstance(block, ToolCallBlock) or not block.name:
        raise InvalidRequestError(f"{param}.name: must not be empty", param=f"{param}.name")
    return block


def read_answer_reasoning(
    raw: JSONObject, *, param: str, model: str, parts_of: ReasoningField | None = None
) -> ReasoningBlock:
    """Reasoning, which is this model's."""
    block = read_reasoning(raw, param=param, parts_of=parts_of)
    block.origin = Origin(dialect=DIALECT, vendor=VENDOR, model=model)
    return block


def read_whole(raw: JSONObject, *, param: str) -> Block:
    """An item that has no meaning for other dialects."""
    kind = item_type(raw, param=param)
    if kind in _KEPT_WHOLE:
        return read_item(raw, param=param, limits=DEFAULT_LIMITS).blocks[0]
    return OpaqueBlock(dialect=DIALECT, type=kind, raw=raw)
