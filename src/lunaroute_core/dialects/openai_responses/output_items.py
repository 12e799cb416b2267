"""Writes blocks as output items.

Texts and refusals that follow each other, and parts that only this dialect knows, are those of
one message. A block that has no place in a response, such as another vendor's hosted call, is
left out.
"""

from collections.abc import Iterable, Iterator, Sequence

from lunaroute_core.dialects.openai_responses.fields import ITEM, PARTS, item_head, own_fields
from lunaroute_core.dialects.openai_responses.finish import COMPLETED
from lunaroute_core.dialects.openai_responses.ids import item_id
from lunaroute_core.dialects.openai_responses.input_items import summary_parts
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_vendor.logprobs import completed
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

_MESSAGE = frozenset({"type", "id", "status", "role", "content"})
_WHOLE = (HostedCallBlock, HostedResultBlock, CompactionBlock, OpaqueBlock)


def has_item(block: Block) -> bool:
    """Whether a response has a place for the block."""
    if isinstance(block, _WHOLE):
        return block.dialect == DIALECT
    return isinstance(block, TextBlock | RefusalBlock | ToolCallBlock | ReasoningBlock)


def is_part(block: Block) -> bool:
    """Whether a block stands in a message."""
    if isinstance(block, OpaqueBlock):
        return ITEM in block.extensions.get(DIALECT, {})
    return isinstance(block, TextBlock | RefusalBlock)


def continues(item: Sequence[Block], block: Block) -> bool:
    """Whether a block is one more part of the message that `item` holds."""
    return bool(item) and is_part(item[0]) and is_part(block) and item_head(block) is None


def item_groups(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """The blocks of each item."""
    group: list[Block] = []
    for block in filter(has_item, blocks):
        if not continues(group, block):
            if group:
                yield group
            group = []
        group.append(block)
    if group:
        yield group


def output_items(blocks: Iterable[Block], *, answer_id: str, status: str) -> list[JSONObject]:
    """The items of a finished answer. `status` is that of its last item."""
    groups = list(item_groups(blocks))
    items: list[JSONObject] = []
    for index, group in enumerate(groups):
        last = index == len(groups) - 1
        identity = id_of(group[0], answer_id=answer_id, index=index)
        items.append(write_item(group, identity=identity, status=status if last else COMPLETED))
    return items


def id_of(block: Block, *, answer_id: str, index: int) -> str:
    """The id of the item that a block opens: the vendor's own, or a derived one."""
    match block:
        case _ if is_part(block):
            own = (item_head(block) or {}).get("id")
            return own if isinstance(own, str) else item_id("msg", answer_id, index)
        case ToolCallBlock() | ReasoningBlock() if block.item_id is not None:
            return block.item_id
        case ToolCallBlock():
            return item_id("fc" if block.tool_kind == "function" else "ctc", answer_id, index)
        case HostedCallBlock() | HostedResultBlock() | CompactionBlock() | OpaqueBlock():
            return str(block.raw.get("id", ""))
        case _:
            return item_id("rs", answer_id, index)


def write_item(blocks: Sequence[Block], *, identity: str, status: str) -> JSONObject:
    """The whole item: one call, one reasoning, one hosted item, or the parts of a message."""
    match blocks[0]:
        case first if is_part(first):
            parts: list[JSONValue] = [write_part(block) for block in blocks]
            return {**write_message(first, identity=identity, status=status), "content": parts}
        case ToolCallBlock() as call:
            return _write_call(call, identity, status)
        case ReasoningBlock() as reasoning:
            return _write_reasoning(reasoning, identity)
        case HostedCallBlock() | HostedResultBlock() | CompactionBlock() | OpaqueBlock() as whole:
            return whole.raw
        case other:
            raise TypeError(f"{type(other).__name__} is no item of an answer")


def write_message(first: Block, *, identity: str, status: str) -> JSONObject:
    """A message without content, opened by its first block."""
    left = {key: it for key, it in (item_head(first) or {}).items() if key not in _MESSAGE}
    return {
        "type": "message",
        "id": identity,
        "status": status,
        "role": "assistant",
        "content": [],
        **left,
    }


def write_part(block: Block) -> JSONObject:
    match block:
        case TextBlock():
            part: JSONObject = {
                "type": "output_text",
                "annotations": annotations(block),
                "logprobs": [completed(token, with_bytes=True) for token in block.logprobs],
                "text": block.text,
            }
            return part | own_fields(block.extensions)
        case RefusalBlock():
            return {"type": "refusal", "refusal": block.text, **own_fields(block.extensions)}
        case OpaqueBlock():
            return block.raw
        case _:
            raise TypeError(f"{type(block).__name__} is no part of a message")


def annotations(block: TextBlock) -> list[JSONValue]:
    """The citations that this dialect can say: its own, and those of a URL."""
    written = [_write_citation(citation, block.text) for citation in block.citations]
    return [annotation for annotation in written if annotation is not None]


def _write_citation(citation: Citation, text: str) -> JSONObject | None:
    """A citation without offsets speaks of the whole text, as Anthropic's do."""
    if citation.dialect == DIALECT:
        return citation.raw
    if citation.url is None:
        return None
    return {
        "type": "url_citation",
        "url": citation.url,
        "title": citation.title or "",
        "start_index": 0 if citation.start is None else citation.start,
        "end_index": len(text) if citation.end is None else citation.end,
    }


def _write_call(call: ToolCallBlock, identity: str, status: str) -> JSONObject:
    if call.tool_kind == "custom":
        item: JSONObject = {
            "type": "custom_tool_call",
            "id": identity,
            "call_id": call.id,
            "name": call.name,
            "input": call.raw_arguments,
        }
    else:
        item = {
            "type": "function_call",
            "id": identity,
            "status": status,
            "call_id": call.id,
            "name": call.name,
            "arguments": written_arguments(call),
        }
    if call.namespace is not None:
        item["namespace"] = call.namespace
    return item | own_fields(call.extensions)


def written_arguments(call: ToolCallBlock) -> str:
    """What a call's item says of its arguments: JSON of a function, though other vendors' models
    write nothing for none.
    """
    raw = call.raw_arguments
    own = call.tool_kind == "custom" or call.item_id is not None
    return raw if own or raw.strip() else raw + "{}"


def _write_reasoning(reasoning: ReasoningBlock, identity: str) -> JSONObject:
    shown = is_shown(reasoning)
    item: JSONObject = {
        "type": "reasoning",
        "id": identity,
        "summary": [] if shown else summary_parts(reasoning.parts),
    }
    if shown:
        item["content"] = [{"type": "reasoning_text", "text": text} for text in reasoning.parts]
    if reasoning.opaque is not None and _is_ours(reasoning):
        item["encrypted_content"] = reasoning.opaque
    return item | own_fields(reasoning.extensions)


def is_shown(reasoning: ReasoningBlock) -> bool:
    """Whether the parts are the reasoning itself, and no summary of it."""
    return reasoning.extensions.get(DIALECT, {}).get(PARTS) == "content"


def _is_ours(reasoning: ReasoningBlock) -> bool:
    """Another vendor's signature would come back to where nobody can read it."""
    return reasoning.origin is None or reasoning.origin.dialect == DIALECT
