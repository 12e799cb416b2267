"""A streamed answer put together again."""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec
from attrs import define, field
from msgspec import UNSET, UnsetType

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    ArgumentsDelta,
    Block,
    BlockEnd,
    BlockStart,
    Citation,
    CitationAdd,
    Extensions,
    Finish,
    NormalizedResponse,
    OpaqueSet,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    StreamEvent,
    StreamFinish,
    StreamStart,
    TextBlock,
    TextDelta,
    ToolCallBlock,
    Usage,
    UsageUpdate,
)

BlockDelta: TypeAlias = (
    TextDelta | ArgumentsDelta | ReasoningDelta | OpaqueSet | RefusalDelta | CitationAdd
)


@define
class BlockAccumulator:
    """One block, from its start to its end. What it holds when it opens is the beginning."""

    _start: Block
    _pieces: list[str] = field(factory=list[str], init=False)
    _parts: dict[int, list[str]] = field(factory=dict[int, list[str]], init=False)
    _citations: list[Citation] = field(factory=list[Citation], init=False)
    _logprobs: list[JSONObject] = field(factory=list[JSONObject], init=False)
    _opaque: str | None = field(default=None, init=False)

    def add(self, event: BlockDelta) -> None:
        match event:
            case TextDelta():
                self._pieces.append(event.text)
                self._logprobs += event.logprobs
            case RefusalDelta(text=piece) | ArgumentsDelta(fragment=piece):
                self._pieces.append(piece)
            case ReasoningDelta():
                self._parts.setdefault(event.part, []).append(event.text)
            case OpaqueSet():
                self._opaque = event.opaque
            case CitationAdd():
                self._citations.append(event.citation)

    def block(self, final: Block | None = None) -> Block:
        """The block as it is by now; `final` is the form that its end gave it, if any."""
        start = self._start
        match start:
            case ReasoningBlock():
                return self._reasoning(start, final)
            case _ if final is not None:
                return final
            case TextBlock():
                citations = [*start.citations, *self._citations]
                return _replaced(
                    start,
                    text=self._text(start.text),
                    citations=citations,
                    logprobs=[*start.logprobs, *self._logprobs],
                )
            case RefusalBlock():
                return _replaced(start, text=self._text(start.text))
            case ToolCallBlock():
                raw = self._text(start.raw_arguments)
                return _replaced(start, raw_arguments=raw, arguments=_arguments(start, raw))
            case _:
                return start

    def _reasoning(self, start: ReasoningBlock, final: Block | None) -> ReasoningBlock:
        """A final form leaves out what was said before it: signature, origin and id."""
        last = final if isinstance(final, ReasoningBlock) else start
        opaque = self._opaque if self._opaque is not None else start.opaque
        return _replaced(
            last,
            parts=last.parts if last is not start else self._all_parts(start),
            opaque=opaque if last is start or last.opaque is None else last.opaque,
            origin=last.origin or start.origin,
            item_id=last.item_id or start.item_id,
        )

    def _all_parts(self, start: ReasoningBlock) -> list[str]:
        count = max(len(start.parts), *(part + 1 for part in self._parts), 0)
        begun = [*start.parts, *[""] * (count - len(start.parts))]
        return [text + "".join(self._parts.get(at, ())) for at, text in enumerate(begun)]

    def _text(self, begun: str) -> str:
        return begun + "".join(self._pieces)


_replaced = msgspec.structs.replace


def _arguments(call: ToolCallBlock, raw: str) -> JSONValue | UnsetType:
    if call.tool_kind == "custom":
        return UNSET
    try:
        value: JSONValue = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return UNSET
    return value


@define
class AnswerAccumulator:
    """Takes a stream's events in order; `response` is the answer so far.

    At the stream's end it is what decoding the same answer as a whole would give.
    """

    _start: StreamStart = field(factory=lambda: StreamStart(id="", model=""), init=False)
    _blocks: dict[int, BlockAccumulator] = field(factory=dict[int, BlockAccumulator], init=False)
    _ended: dict[int, Block] = field(factory=dict[int, Block], init=False)
    _usage: Usage | None = field(default=None, init=False)
    _finish: Finish | None = field(default=None, init=False)
    _extensions: Extensions = field(factory=Extensions, init=False)

    def add(self, event: StreamEvent) -> None:
        match event:
            case StreamStart():
                self._start, self._usage, self._extensions = event, event.usage, event.extensions
            case BlockStart():
                self._blocks[event.index] = BlockAccumulator(event.block)
            case BlockEnd():
                if event.index in self._blocks:
                    self._ended[event.index] = self._blocks[event.index].block(event.block)
            case UsageUpdate():
                self._usage = event.usage.merged_over(self._usage)
            case StreamFinish():
                self._finish = event.finish
                self._extensions = _merged(self._extensions, event.extensions)
            case (
                TextDelta()
                | ArgumentsDelta()
                | ReasoningDelta()
                | OpaqueSet()
                | RefusalDelta()
                | CitationAdd()
            ) if event.index in self._blocks:
                self._blocks[event.index].add(event)
            case _:
                pass

    @property
    def response(self) -> NormalizedResponse:
        start = self._start
        return NormalizedResponse(
            id=start.id,
            model=start.model,
            blocks=[*self._so_far()],
            finish=self._finish,
            usage=self._usage,
            created=start.created,
            stored=start.stored,
            extensions=self._extensions,
        )

    def _so_far(self) -> Iterable[Block]:
        for index, block in self._blocks.items():
            yield self._ended[index] if index in self._ended else block.block()


def _merged(earlier: Extensions, later: Extensions) -> Extensions:
    return {
        **earlier,
        **{dialect: {**earlier.get(dialect, {}), **fields} for dialect, fields in later.items()},
    }
