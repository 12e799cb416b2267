"""Writes blocks, one after the other, as the life of output items.

An item ends when the next one begins, or with the answer: only then is it known whether
the answer was cut short in it, and whether a message has further parts.
"""

from collections.abc import Iterable, Iterator

from attrs import define, field
from msgspec import structs

from lunaroute_core.dialects.block_order import BlockEvent
from lunaroute_core.dialects.openai_responses.block_writers import BlockWriter, block_writer
from lunaroute_core.dialects.openai_responses.finish import COMPLETED
from lunaroute_core.dialects.openai_responses.output_items import (
    continues,
    has_item,
    id_of,
    is_part,
    write_item,
    write_message,
)
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    BlockEnd,
    BlockStart,
    ReasoningBlock,
    ToolCallBlock,
)

_WORKING = "in_progress"


@define
class ItemStream:
    """The output of one response while it is written. `done` are its finished items."""

    _answer_id: str = field(default="", alias="answer_id")
    done: list[JSONObject] = field(factory=list[JSONObject], init=False)
    _blocks: list[Block] = field(factory=list[Block], init=False)
    _identity: str = field(default="", init=False)
    _writer: BlockWriter | None = field(default=None, init=False)

    def write(self, events: Iterable[BlockEvent]) -> Iterator[JSONObject]:
        """The wire events, without numbers, for the events of blocks in order."""
        for event in events:
            if isinstance(event, BlockStart):
                yield from self._start_block(event.block)
            elif self._writer is None:
                continue
            elif isinstance(event, BlockEnd):
                yield from self._writer.end(event.block)
                self._blocks[-1] = self._writer.block
                self._writer = None
            else:
                yield from self._writer.delta(event)

    def close(self, status: str) -> Iterator[JSONObject]:
        """End the open item, if there is one."""
        if not self._blocks:
            return
        item = write_item(self._blocks, identity=self._identity, status=status)
        yield self._item_event("done", item)
        self.done.append(item)
        self._blocks = []

    def _start_block(self, block: Block) -> Iterator[JSONObject]:
        if not has_item(block):
            return
        if not continues(self._blocks, block):
            yield from self.close(COMPLETED)
            yield from self._open_item(block)
        self._blocks.append(block)
        self._writer = block_writer(block, self._place())
        yield from self._writer.start()

    def _open_item(self, block: Block) -> Iterator[JSONObject]:
        self._identity = id_of(block, answer_id=self._answer_id, index=len(self.done))
        yield self._item_event("added", _opened(block, self._identity))

    def _place(self) -> JSONObject:
        place: JSONObject = {"item_id": self._identity, "output_index": len(self.done)}
        if is_part(self._blocks[0]):
            place["content_index"] = len(self._blocks) - 1
        return place

    def _item_event(self, name: str, item: JSONObject) -> JSONObject:
        return {
            "type": f"response.output_item.{name}",
            "output_index": len(self.done),
            "item": item,
        }


def _opened(block: Block, identity: str) -> JSONObject:
    """The item as it is announced: without what will be streamed or signed."""
    match block:
        case ToolCallBlock():
            empty = structs.replace(block, raw_arguments="")
        case ReasoningBlock():
            empty = structs.replace(block, parts=[], opaque=None)
        case _ if is_part(block):
            return write_message(block, identity=identity, status=_WORKING)
        case whole:
            return write_item([whole], identity=identity, status=_WORKING)
    item = write_item([empty], identity=identity, status=_WORKING)
    if "arguments" in item:
        item["arguments"] = ""
    return {**item, "status": _WORKING} if "status" in item else item
