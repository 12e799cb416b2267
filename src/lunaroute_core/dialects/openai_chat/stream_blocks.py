"""How each kind of block is written as deltas of one assistant message.

Clients accumulate deltas by concatenating strings and by merging lists at their entries'
`index`; what must not repeat (names, ids, signatures) is therefore sent once.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from attrs import Factory, define, field

from lunaroute_core.dialects.block_order import BlockEvent
from lunaroute_core.dialects.openai_chat.annotations import annotation
from lunaroute_core.dialects.openai_chat.message_encoding import (
    call_body,
    complete_arguments,
    encode_audio,
)
from lunaroute_core.dialects.openai_chat.reasoning import SEPARATOR, detail_seal
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    ArgumentsDelta,
    AudioBlock,
    Block,
    Citation,
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


@define
class WrittenMessage:
    """What of the message has been written so far."""

    text_length: int = 0
    calls: int = 0
    details: int = 0
    has_reasoning: bool = False
    has_other_content: bool = False
    """A refusal or audio, which stand in place of text as calls do."""
    annotations: list[JSONObject] = Factory(list[JSONObject])


class BlockWriter(Protocol):
    """Writes one block. `final` is its form at the end, where the upstream repeats it."""

    def open(self) -> Iterable[JSONObject]: ...

    def add(self, event: BlockEvent) -> Iterable[JSONObject]: ...

    def close(self, final: Block | None) -> Iterable[JSONObject]: ...


def writer_for(block: Block, written: WrittenMessage, *, legacy: bool) -> BlockWriter | None:
    """None for a block that Chat has no words for, and for a second legacy call."""
    writer: BlockWriter | None = None
    match block:
        case TextBlock():
            writer = _Text(block, written)
        case RefusalBlock():
            writer = _Refusal(block, written)
        case ReasoningBlock():
            writer = _Reasoning(block, written)
        case ToolCallBlock() if legacy:
            writer = _LegacyCall(block, written) if not written.calls else None
        case ToolCallBlock():
            writer = _Call(block, written)
        case AudioBlock():
            writer = _Audio(block, written)
        case _:
            pass
    return writer


@define
class _Text:
    _block: TextBlock
    _written: WrittenMessage
    _base: int = field(init=False)
    _citations: list[Citation] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._base = self._written.text_length
        self._citations = list(self._block.citations)

    def open(self) -> Iterable[JSONObject]:
        return self._write(self._block.text)

    def add(self, event: BlockEvent) -> Iterable[JSONObject]:
        if isinstance(event, TextDelta):
            return self._write(event.text)
        if isinstance(event, CitationAdd):
            self._citations.append(event.citation)
        return ()

    def close(self, final: Block | None) -> Iterator[JSONObject]:
        written = self._written
        if isinstance(final, TextBlock):
            if written.text_length == self._base:
                yield from self._write(final.text)
            self._citations = final.citations or self._citations
        length = written.text_length - self._base
        found = (annotation(it, base=self._base, length=length) for it in self._citations)
        written.annotations += [it for it in found if it is not None]

    def _write(self, text: str) -> Iterable[JSONObject]:
        self._written.text_length += len(text)
        return ({"content": text},) if text else ()


@define
class _Refusal:
    _block: RefusalBlock
    _written: WrittenMessage
    _any: bool = False

    def open(self) -> Iterator[JSONObject]:
        self._written.has_other_content = True
        yield from self._write(self._block.text)

    def add(self, event: BlockEvent) -> Iterator[JSONObject]:
        if isinstance(event, RefusalDelta):
            yield from self._write(event.text)

    def close(self, final: Block | None) -> Iterator[JSONObject]:
        if not self._any and isinstance(final, RefusalBlock):
            yield from self._write(final.text)
        if not self._any:
            yield {"refusal": ""}

    def _write(self, text: str) -> Iterator[JSONObject]:
        if text:
            self._any = True
            yield {"refusal": text}


@define
class _Reasoning:
    _block: ReasoningBlock
    _written: WrittenMessage
    _opaque: str | None = field(init=False)
    _index: int | None = None
    """Its place in `reasoning_details`, given when first written: places may not be skipped."""
    _part: int | None = None
    """The part written last."""

    def __attrs_post_init__(self) -> None:
        self._opaque = self._block.opaque

    def open(self) -> Iterator[JSONObject]:
        for at, part in enumerate(self._block.parts):
            yield from self._write(part, part=at)

    def add(self, event: BlockEvent) -> Iterator[JSONObject]:
        if isinstance(event, ReasoningDelta):
            yield from self._write(event.text, part=event.part)
        elif isinstance(event, OpaqueSet):
            # Held back: a second signature replaces the first, but clients would join them.
            self._opaque = event.opaque

    def close(self, final: Block | None) -> Iterator[JSONObject]:
        block = final if isinstance(final, ReasoningBlock) else self._block
        if self._part is None:
            for at, part in enumerate(block.parts):
                yield from self._write(part, part=at)
        sealed = ReasoningBlock(
            variant=block.variant,
            opaque=block.opaque if block.opaque is not None else self._opaque,
            origin=block.origin or self._block.origin,
            item_id=block.item_id or self._block.item_id,
        )
        seal = detail_seal(sealed)
        if block.variant == "redacted" and self._part is None:
            yield self._detail("reasoning.encrypted", seal)
        elif self._part is None:
            yield self._detail("reasoning.text", {"text": "", **seal})
        elif seal:
            yield self._detail("reasoning.text", seal)

    def _write(self, text: str, *, part: int) -> Iterator[JSONObject]:
        if not text:
            return
        within = SEPARATOR if self._part not in (None, part) else ""
        before = SEPARATOR if self._part is None and self._written.has_reasoning else within
        self._part, self._written.has_reasoning = part, True
        detail = self._detail("reasoning.text", {"text": within + text})
        yield {"reasoning_content": before + text, **detail}

    def _detail(self, kind: str, entry: JSONObject) -> JSONObject:
        if self._index is None:
            self._index = self._written.details
            self._written.details += 1
        return {"reasoning_details": [{"index": self._index, "type": kind, **entry}]}


@define
class _Call:
    _block: ToolCallBlock
    _written: WrittenMessage
    _index: int = field(init=False)
    _begun: str = ""
    """The arguments so far, while they may still turn out to say nothing."""

    def __attrs_post_init__(self) -> None:
        self._index = self._written.calls
        self._written.calls += 1

    def open(self) -> Iterator[JSONObject]:
        block = self._block
        self._begun = block.raw_arguments
        yield self._fragment({"id": block.id, **call_body(block, self._begun)})

    def add(self, event: BlockEvent) -> Iterator[JSONObject]:
        if isinstance(event, ArgumentsDelta) and event.fragment:
            yield self._more(event.fragment)

    def close(self, final: Block | None) -> Iterator[JSONObject]:
        rest = _missing_arguments(self._block, self._begun, final)
        if rest:
            yield self._more(rest)

    def _more(self, fragment: str) -> JSONObject:
        self._begun = _joined(self._block, self._begun, fragment)
        if self._block.tool_kind == "custom":
            return self._fragment({"custom": {"input": fragment}})
        return self._fragment({"function": {"arguments": fragment}})

    def _fragment(self, entry: JSONObject) -> JSONObject:
        return {"tool_calls": [{"index": self._index, **entry}]}


@define
class _LegacyCall:
    """A call as `function_call`, for clients that asked with `functions`."""

    _block: ToolCallBlock
    _written: WrittenMessage
    _begun: str = ""
    """The arguments so far, while they may still turn out to say nothing."""

    def open(self) -> Iterator[JSONObject]:
        self._written.calls += 1
        self._begun = self._block.raw_arguments
        yield {"function_call": {"name": self._block.name, "arguments": self._begun}}

    def add(self, event: BlockEvent) -> Iterator[JSONObject]:
        if isinstance(event, ArgumentsDelta) and event.fragment:
            self._begun = _joined(self._block, self._begun, event.fragment)
            yield {"function_call": {"arguments": event.fragment}}

    def close(self, final: Block | None) -> Iterator[JSONObject]:
        rest = _missing_arguments(self._block, self._begun, final)
        if rest:
            yield {"function_call": {"arguments": rest}}


def _joined(block: ToolCallBlock, begun: str, fragment: str) -> str:
    """The arguments begun, which are not gathered further once they say something."""
    return begun if _says_something(block, begun) else begun + fragment


def _says_something(block: ToolCallBlock, sent: str) -> bool:
    return bool(sent) and (block.tool_kind == "custom" or not sent.isspace())


def _missing_arguments(block: ToolCallBlock, sent: str, final: Block | None) -> str:
    """What must follow the arguments that were sent.

    All of them, if the upstream gave them only at the end; an empty object, if there are none.
    """
    if _says_something(block, sent):
        return ""
    last = final if isinstance(final, ToolCallBlock) else block
    return complete_arguments(last).removeprefix(sent)


@define
class _Audio:
    _block: AudioBlock
    _written: WrittenMessage

    def open(self) -> Iterator[JSONObject]:
        self._written.has_other_content = True
        yield from ()

    def add(self, event: BlockEvent) -> Iterator[JSONObject]:  # noqa: ARG002 - audio has no deltas
        yield from ()

    def close(self, final: Block | None) -> Iterator[JSONObject]:
        yield {"audio": encode_audio(final if isinstance(final, AudioBlock) else self._block)}
