"""Writes the events of one content block."""

from collections.abc import Iterator

import msgspec

from lunaroute_core.dialects.anthropic_messages.answer_blocks import (
    PARTS_SEPARATOR,
    write_block,
    write_call,
    write_citation,
)
from lunaroute_core.dialects.anthropic_messages.object_text import ObjectText
from lunaroute_core.dialects.block_order import BlockDelta
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    ArgumentsDelta,
    Block,
    CitationAdd,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    TextBlock,
    TextDelta,
    ToolCallBlock,
)
from lunaroute_core.sse import encode_event

_CUSTOM_INPUT_START = '{"input":"'
_CUSTOM_INPUT_END = '"}'


def write_frame(event: JSONObject) -> bytes:
    """One frame, named by its type: the vendor's SDKs skip frames without a name."""
    return encode_event(msgspec.json.encode(event), event=str(event["type"]))


def block_writer(block: Block, index: int) -> "StreamedBlock | WholeBlock":
    """The writer for a block that opens as content block number `index`."""
    match block:
        case TextBlock() | RefusalBlock() | ToolCallBlock():
            return StreamedBlock(block, index)
        case ReasoningBlock() if block.variant != "redacted":
            return StreamedBlock(block, index)
        case _:
            return WholeBlock(block, index)


class StreamedBlock:
    """Text, a call or thinking, whose content arrives in deltas.

    Whatever a block holds when it opens or closes and no delta has said is written as a
    delta too: clients start from empty content, whatever the start event holds.
    """

    def __init__(
        self, block: TextBlock | RefusalBlock | ToolCallBlock | ReasoningBlock, index: int
    ) -> None:
        self._block = block
        self._index = index
        self._part: int | None = None
        self._sent: set[str] = set()
        self._custom = isinstance(block, ToolCallBlock) and block.tool_kind == "custom"
        self._input = ObjectText()
        self._raw: list[str] = []

    def start(self) -> bytes:
        start = _write_start(self._block, self._index)
        return start + self._rest_of(self._block)

    def delta(self, event: BlockDelta) -> bytes:
        match event:
            case TextDelta() | RefusalDelta():
                return self._delta("text_delta", "text", event.text)
            case ArgumentsDelta():
                return self._arguments(event.fragment)
            case ReasoningDelta():
                return self._thinking(event)
            case OpaqueSet():
                return self._delta("signature_delta", "signature", event.opaque)
            case CitationAdd():
                citation = write_citation(event.citation)
                return self._delta("citations_delta", "citation", citation) if citation else b""

    def end(self, final: Block | None) -> bytes:
        """What the final form says and no delta did, and the block's end."""
        rest = b"" if final is None else self._rest_of(final)
        if self._custom:
            rest += self._close_custom_input()
        elif self._raw and (closing := self._input.end("".join(self._raw))):
            rest += self._delta("input_json_delta", "partial_json", closing)
        return rest + _write_stop(self._index)

    @property
    def count(self) -> int:
        """How many content blocks were written."""
        return 1

    def _delta(self, kind: str, key: str, value: object) -> bytes:
        self._sent.add(kind)
        delta = {"type": kind, key: value}
        event = {"type": "content_block_delta", "index": self._index, "delta": delta}
        return encode_event(msgspec.json.encode(event), event="content_block_delta")

    def _arguments(self, fragment: str) -> bytes:
        if self._custom:
            opening = "" if "input_json_delta" in self._sent else _CUSTOM_INPUT_START
            escaped = msgspec.json.encode(fragment)[1:-1].decode()
            return self._delta("input_json_delta", "partial_json", opening + escaped)
        # Taken as sent even where all of it waits, lest the final form be read once more.
        self._sent.add("input_json_delta")
        self._raw.append(fragment)
        text = self._input.feed(fragment)
        return self._delta("input_json_delta", "partial_json", text) if text else b""

    def _close_custom_input(self) -> bytes:
        opened = b"" if "input_json_delta" in self._sent else self._arguments("")
        return opened + self._delta("input_json_delta", "partial_json", _CUSTOM_INPUT_END)

    def _thinking(self, event: ReasoningDelta) -> bytes:
        if not event.text:
            return b""
        separator = PARTS_SEPARATOR if self._part not in (None, event.part) else ""
        self._part = event.part
        return self._delta("thinking_delta", "thinking", separator + event.text)

    def _rest_of(self, block: Block) -> bytes:
        """Deltas for the content of a block, by kinds of which none was sent yet."""
        sent = frozenset(self._sent)
        deltas = [delta for kind, delta in _deltas_of(block, self._index) if kind not in sent]
        return b"".join(map(self.delta, deltas))


class WholeBlock:
    """A block without deltas: redacted thinking, the vendor's own calls and results.

    It is written when it closes, since only then is it known to be complete, and not at
    all when an Anthropic answer cannot hold it.
    """

    def __init__(self, block: Block, index: int) -> None:
        self._block = block
        self._index = index
        self.count = 0

    def start(self) -> bytes:
        return b""

    def delta(self, event: BlockDelta) -> bytes:
        if isinstance(event, OpaqueSet) and isinstance(self._block, ReasoningBlock):
            self._block = msgspec.structs.replace(self._block, opaque=event.opaque)
        return b""

    def end(self, final: Block | None) -> bytes:
        block = write_block(final or self._block)
        if block is None:
            return b""
        self.count = 1
        return _write_whole(block, self._index) + _write_stop(self._index)


def _deltas_of(block: Block, index: int) -> Iterator[tuple[str, BlockDelta]]:
    match block:
        case TextBlock():
            if block.text:
                yield "text_delta", TextDelta(index=index, text=block.text)
            for citation in block.citations:
                yield "citations_delta", CitationAdd(index=index, citation=citation)
        case RefusalBlock() if block.text:
            yield "text_delta", RefusalDelta(index=index, text=block.text)
        case ToolCallBlock() if block.raw_arguments:
            yield "input_json_delta", ArgumentsDelta(index=index, fragment=block.raw_arguments)
        case ReasoningBlock():
            for part, text in enumerate(block.parts):
                yield "thinking_delta", ReasoningDelta(index=index, text=text, part=part)
            if block.opaque is not None:
                yield "signature_delta", OpaqueSet(index=index, opaque=block.opaque)
        case _:
            pass


def _write_start(
    block: TextBlock | RefusalBlock | ToolCallBlock | ReasoningBlock, index: int
) -> bytes:
    match block:
        case TextBlock():
            empty = write_block(msgspec.structs.replace(block, text="", citations=[]))
        case RefusalBlock():
            empty = write_block(RefusalBlock(text=""))
        case ToolCallBlock():
            empty = write_call(block)
        case ReasoningBlock():
            empty = write_block(msgspec.structs.replace(block, parts=[], opaque=None))
    return write_frame({"type": "content_block_start", "index": index, "content_block": empty})


def _write_whole(block: JSONObject, index: int) -> bytes:
    """The start of a complete block.

    The input of the vendor's own calls goes into a delta, as the vendor sends it: clients
    are known to build it from deltas alone.
    """
    given = block.get("input")
    shown: JSONObject = {**block, "input": {}} if isinstance(given, dict) else block
    start = write_frame({"type": "content_block_start", "index": index, "content_block": shown})
    if not given or shown is block:
        return start
    text = msgspec.json.encode(given).decode()
    delta: JSONObject = {"type": "input_json_delta", "partial_json": text}
    return start + write_frame({"type": "content_block_delta", "index": index, "delta": delta})


def _write_stop(index: int) -> bytes:
    return write_frame({"type": "content_block_stop", "index": index})
