"""Reads the events of one content block of a stream."""

from attrs import define, field
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder, encode
from msgspec.structs import replace

from lunaroute_core.dialects.anthropic_messages.blocks import read_citation, whole_block
from lunaroute_core.dialects.anthropic_messages.message_reader import read_answer_block
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    ArgumentsDelta,
    Block,
    BlockEnd,
    BlockStart,
    CitationAdd,
    CompactionBlock,
    HostedCallBlock,
    OpaqueEvent,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    StreamEvent,
    TextBlock,
    TextDelta,
    ToolCallBlock,
)

_OBJECT = Decoder(JSONObject)


class Delta(Struct):
    """Any of the deltas; each has the fields of its type."""

    type: str = ""
    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    signature: str | None = None
    citation: JSONObject | None = None
    content: str | None = None
    encrypted_content: str | None = None


@define
class BlockReader:
    """One block, from its start to its stop.

    What a start already holds of a text is handed on as a delta, since readers start from
    empty content; blocks that only this vendor understands are handed on whole at their end.
    """

    index: int
    block: Block
    _input: JSONValue | UnsetType = UNSET
    _fragments: list[str] = field(factory=list[str])
    _thought: bool = False
    _signed: str | None = None

    @classmethod
    def opened(cls, index: int, raw: Raw, *, model: str) -> "tuple[BlockReader, list[StreamEvent]]":
        """The reader of the block in a `content_block_start`, and that event's own events."""
        block = read_answer_block(raw, path="content_block", model=model)
        match block:
            case TextBlock(text=text):
                reader = cls(index, replace(block, text="", citations=[]))
                rest = [*reader._text(text)]
                rest += [CitationAdd(index=index, citation=it) for it in block.citations]
            case ReasoningBlock() if block.variant != "redacted":
                reader = cls(index, replace(block, variant="visible", parts=[], opaque=None))
                rest = [event for part in block.parts for event in reader._thinking(part)]
                rest += reader._sign(block.opaque)
            case ToolCallBlock():
                reader = cls(index, replace(block, raw_arguments="", arguments=UNSET))
                reader._input, rest = block.arguments, []
            case _:
                reader, rest = cls(index, block), []
        return reader, [BlockStart(index=index, block=reader.block), *rest]

    def delta(self, delta: Delta, event: bytes) -> list[StreamEvent]:  # noqa: PLR0911 - one each
        """The events of a delta; `event` is its whole JSON, kept if nobody knows it.

        Raises:
            ValueError: it is not for a block of this kind.
        """
        # Guards, since a pattern such as `str(text)` costs as much as all of the rest.
        kind, fragment = delta.type, delta.partial_json
        match self.block:
            case TextBlock() if kind == "text_delta" and delta.text is not None:
                return self._text(delta.text)
            case TextBlock() if kind == "citations_delta" and delta.citation is not None:
                return [CitationAdd(index=self.index, citation=read_citation(delta.citation))]
            case ToolCallBlock() if kind == "input_json_delta" and fragment is not None:
                return self._arguments(fragment)
            case ReasoningBlock() if kind == "thinking_delta" and delta.thinking is not None:
                return self._thinking(delta.thinking)
            case ReasoningBlock() if kind == "signature_delta" and delta.signature is not None:
                return self._sign(delta.signature)
            case HostedCallBlock() if kind == "input_json_delta" and fragment is not None:
                return self._collect(fragment)
            case CompactionBlock() if kind == "compaction_delta":
                self._signed = delta.encrypted_content or self._signed
                return self._collect(delta.content or "")
            case _:
                return [_unknown(event, delta)]

    def end(self) -> list[StreamEvent]:
        """The block's last events."""
        rest: list[StreamEvent] = []
        if isinstance(self.block, ToolCallBlock) and not self._fragments:
            rest = self._arguments(encode(self._input).decode())
        return [*rest, BlockEnd(index=self.index, block=self._final())]

    def _collect(self, fragment: str) -> list[StreamEvent]:
        if fragment:
            self._fragments.append(fragment)
        return []

    def _text(self, text: str) -> list[StreamEvent]:
        return [TextDelta(index=self.index, text=text)] if text else []

    def _arguments(self, fragment: str) -> list[StreamEvent]:
        if not fragment:
            return []
        self._fragments = [fragment]
        return [ArgumentsDelta(index=self.index, fragment=fragment)]

    def _thinking(self, text: str) -> list[StreamEvent]:
        if not text:
            return []
        self._thought = True
        return [ReasoningDelta(index=self.index, text=text)]

    def _sign(self, signature: str | None) -> list[StreamEvent]:
        if not signature:
            return []
        self._signed = signature
        return [OpaqueSet(index=self.index, opaque=signature)]

    def _final(self) -> Block | None:
        """The block's whole form, where its start and the deltas do not say it."""
        match self.block:
            case ReasoningBlock(variant="visible") if self._signed and not self._thought:
                return replace(self.block, variant="signature_only", opaque=self._signed)
            case HostedCallBlock(type=kind, raw=raw) if self._fragments:
                return whole_block(kind, {**raw, "input": _parsed("".join(self._fragments))})
            case CompactionBlock(raw=raw) if self._fragments or self._signed:
                return whole_block("compaction", {**raw, **self._compacted()})
            case _:
                return None

    def _compacted(self) -> JSONObject:
        """What the deltas said of a compaction."""
        said: JSONObject = {}
        if self._fragments:
            said["content"] = "".join(self._fragments)
        if self._signed is not None:
            said["encrypted_content"] = self._signed
        return said


def _parsed(text: str) -> JSONObject:
    """An input; of one that was cut off, its text, as tools' calls have it."""
    try:
        return _OBJECT.decode(text)
    except (ValueError, RecursionError):
        return {"_raw_arguments": text}


def _unknown(event: bytes, delta: Delta) -> OpaqueEvent:
    if delta.type in _KNOWN:
        raise ValueError(f"{delta.type} for a block of another kind")
    return OpaqueEvent(dialect=DIALECT, event="content_block_delta", raw=_OBJECT.decode(event))


_KNOWN = frozenset(
    {"text_delta", "citations_delta", "input_json_delta", "thinking_delta", "signature_delta"}
)
