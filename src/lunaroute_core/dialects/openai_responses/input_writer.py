"""Writes blocks as input items: `input_items` and `turns` the other way round."""

from attrs import define, field

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
    Message,
    OpaqueBlock,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)

_ROLES = {"system": "developer", "tool": "user"}
"""The authors of messages where a turn's role is none of theirs."""


def write_items(instructions: list[Block], turns: list[Message]) -> list[JSONValue]:
    """The items that blocks make. A message is opened by a block that holds its item, and
    continued by the parts after it; one of the turn's role is opened for parts that have none.
    """
    items = _Items()
    items.add(instructions, role="system")
    for turn in turns:
        items.add(turn.blocks, role=turn.role)
    return items.items


@define
class _Items:
    """Input items while they are written in order.

    Attributes:
        items: all so far.
    """

    items: list[JSONValue] = field(factory=list[JSONValue])
    _message: JSONObject | None = None
    """The last item, while parts may continue it."""

    def add(self, blocks: list[Block], *, role: str) -> None:
        """A turn's blocks. No item goes on into another turn."""
        self._message = None
        for block in blocks:
            head = item_head(block)
            if head is not None:
                self._open(head, block)
            elif not _is_part(block):
                self._message = None
                self.items.append(_write_item(block))
            elif self._message is None:
                self._open(_new_head(role), block)
            else:
                self._continue(self._message, block)

    def _open(self, head: JSONObject, block: Block) -> None:
        content: JSONValue = [write_input_part(block, usual=_usual(head))]
        if head.get("content") == STRING_FORM and isinstance(block, TextBlock):
            content = block.text if block.cache is None else content
        self._message = {**head, "content": content}
        self.items.append(self._message)

    def _continue(self, message: JSONObject, block: Block) -> None:
        usual = _usual(message)
        match message["content"]:
            case list(parts):
                parts.append(write_input_part(block, usual=usual))
            case text:
                whole: JSONObject = {"type": usual, "text": text}
                message["content"] = [whole, write_input_part(block, usual=usual)]


def _is_part(block: Block) -> bool:
    return is_part(block) or ITEM in block.extensions.get(DIALECT, {})


def _usual(message: JSONObject) -> str:
    """The type that texts have in a message."""
    return "output_text" if message.get("role") == "assistant" else "input_text"


def _new_head(role: str) -> JSONObject:
    """Assistants have their parts in messages that OpenAI minted; others' are strings."""
    form: JSONObject = {"content": STRING_FORM} if role == "assistant" else {}
    return {"type": "message", "role": _ROLES.get(role, role), **form}


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
    namespace: JSONObject = {} if call.namespace is None else {"namespace": call.namespace}
    return {
        **_identified("custom_tool_call" if custom else "function_call", call.item_id),
        "call_id": call.id,
        "name": call.name,
        **namespace,
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
        case [TextBlock(text=text, cache=None)] if _is_string(result):
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
