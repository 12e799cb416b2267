"""Writes blocks as input items: `input_items` and `turns` the other way round."""

from collections.abc import Iterable

from lunaroute_core.dialects.openai_responses.fields import (
    ITEM,
    PARTS,
    STRING_FORM,
    item_head,
    restored,
)
from lunaroute_core.dialects.openai_responses.input_items import summary_parts
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.part_writer import is_part, write_input_part
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    Block,
    CompactionBlock,
    HostedCallBlock,
    HostedResultBlock,
    OpaqueBlock,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)


def write_items(blocks: Iterable[Block]) -> list[JSONValue]:
    """The items that blocks make. A message is opened by a block that holds its item; parts
    without one continue the message before them.
    """
    items: list[JSONValue] = []
    content: list[JSONValue] = []
    usual = "input_text"
    for block in blocks:
        head = item_head(block)
        if head is not None and head.get("content") == STRING_FORM:
            text = block.text if isinstance(block, TextBlock) else ""
            items.append({**head, "content": text})
        elif head is not None:
            usual = "output_text" if head.get("role") == "assistant" else "input_text"
            content = [write_input_part(block, usual=usual)]
            items.append({**head, "content": content})
        elif is_part(block) or ITEM in block.extensions.get(DIALECT, {}):
            content.append(write_input_part(block, usual=usual))
        else:
            items.append(_write_item(block))
    return items


def _write_item(block: Block) -> JSONObject:
    match block:
        case ToolCallBlock():
            item = _write_call(block)
        case ToolResultBlock():
            item = _write_output(block)
        case ReasoningBlock():
            item = _write_reasoning(block)
        case HostedCallBlock() | HostedResultBlock() | CompactionBlock() | OpaqueBlock():
            return block.raw
        case _:
            raise TypeError(f"{type(block).__name__} is no item")
    return restored(item, block.extensions)


def _identified(kind: str, identity: str | None) -> JSONObject:
    return {"type": kind} if identity is None else {"type": kind, "id": identity}


def _write_call(call: ToolCallBlock) -> JSONObject:
    custom = call.tool_kind == "custom"
    return {
        **_identified("custom_tool_call" if custom else "function_call", call.item_id),
        "call_id": call.id,
        "name": call.name,
        "input" if custom else "arguments": call.raw_arguments,
    }


def _write_output(result: ToolResultBlock) -> JSONObject:
    kind = "function_call" if result.tool_kind == "function" else "custom_tool_call"
    return {
        "type": f"{kind}_output",
        "call_id": result.call_id,
        "output": _output(result),
    }


def _output(result: ToolResultBlock) -> JSONValue:
    match result.blocks:
        case [TextBlock(text=text)] if _is_string(result):
            return text
        case blocks:
            return [write_input_part(block, usual="input_text") for block in blocks]


def _is_string(result: ToolResultBlock) -> bool:
    return result.extensions.get(DIALECT, {}).get("output") == STRING_FORM


def _write_reasoning(reasoning: ReasoningBlock) -> JSONObject:
    item = _identified("reasoning", reasoning.item_id)
    if reasoning.parts and PARTS not in reasoning.extensions.get(DIALECT, {}):
        item["summary"] = summary_parts(reasoning.parts)
    if reasoning.opaque is not None:
        item["encrypted_content"] = reasoning.opaque
    return item
