"""Reads a message of a stream: its parts, one after the other."""

from collections.abc import Generator, Iterator

from attrs import define, field
from msgspec import structs

from lunaroute_core.dialects.openai_responses.answer_json import number_of, object_of, text_of
from lunaroute_core.dialects.openai_responses.content_parts import read_citation
from lunaroute_core.dialects.openai_responses.fields import ITEM, mark, remainder
from lunaroute_core.dialects.openai_responses.finish import COMPLETED
from lunaroute_core.dialects.openai_responses.item_reading import Events, misplaced, unfinished
from lunaroute_core.dialects.openai_responses.output_reader import read_answer_part, read_message
from lunaroute_core.dialects.openai_responses.streamed_text import StreamedText
from lunaroute_core.dialects.openai_vendor.logprobs import read_tokens
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    BlockEnd,
    BlockStart,
    Citation,
    CitationAdd,
    RefusalBlock,
    RefusalDelta,
    StreamEvent,
    TextBlock,
    TextDelta,
)

_UNANNOUNCED: dict[str, JSONObject] = {
    "output_text": {"type": "output_text", "text": ""},
    "refusal": {"type": "refusal", "refusal": ""},
}
"""Parts whose deltas come without the event that announces them."""


@define(kw_only=True)
class _Part:
    """One part. `block` is its form, as far as it is known."""

    index: int
    block: Block
    _text: StreamedText = field(factory=StreamedText, init=False)
    _citations: list[Citation] = field(factory=list[Citation], init=False)
    _logprobs: list[JSONObject] = field(factory=list[JSONObject], init=False)

    def opened(self) -> Block:
        """The block without what will be streamed; what it is announced with comes again."""
        block = structs.replace(self.block)
        if isinstance(block, TextBlock):
            block.text, block.citations, block.logprobs = "", [], []
            block.extensions = unfinished(block.extensions, "annotations", "logprobs")
        elif isinstance(block, RefusalBlock):
            block.text = ""
        return block

    def add(self, text: str, tokens: list[JSONObject]) -> Events:
        self._text.add(text)
        yield from self._delta(text, tokens)

    def rest(self, whole: str, tokens: list[JSONObject] | None = None) -> Events:
        """What no event has told yet of a text and of its tokens."""
        yield from self._delta(self._text.rest(whole), [] if self._logprobs else tokens or [])

    def cite(self, citation: Citation) -> Events:
        self._citations.append(citation)
        yield CitationAdd(index=self.index, citation=citation)

    def complete(self, final: Block) -> Events:
        """What the final form says and no event did."""
        if type(final) is not type(self.block):
            raise ValueError("part.type: is not the one that the part began with")
        if isinstance(final, TextBlock | RefusalBlock):
            tokens = final.logprobs if isinstance(final, TextBlock) else []
            yield from self.rest(final.text, tokens)
        if isinstance(final, TextBlock):
            for citation in final.citations[len(self._citations) :]:
                yield from self.cite(citation)
        self.block = final

    def closed(self) -> Block:
        """The final form, with what was told."""
        block = structs.replace(self.block)
        if isinstance(block, TextBlock | RefusalBlock):
            block.text = self._text.told
        if isinstance(block, TextBlock):
            block.logprobs = block.logprobs or self._logprobs
        if isinstance(block, TextBlock) and self._citations:
            block.citations = self._citations
            block.extensions = unfinished(block.extensions, "annotations")
        return block

    def _delta(self, text: str, tokens: list[JSONObject]) -> Events:
        if isinstance(self.block, TextBlock):
            self._logprobs += tokens
            if text or tokens:
                yield TextDelta(index=self.index, text=text, logprobs=tokens)
        elif text:
            yield RefusalDelta(index=self.index, text=text)


@define(kw_only=True)
class MessageReader:
    """An `ItemReader`. A part is closed when the next begins, and the last one with the
    message: the first part holds the message's own fields, which are final only then. Of
    several parts the first takes it that the message will be completed.
    """

    numbers: Iterator[int]
    item: JSONObject
    _parts: list[_Part] = field(factory=list[_Part], init=False)
    _places: dict[int, _Part] = field(factory=dict[int, _Part], init=False)
    _open: _Part | None = field(default=None, init=False)

    def start(self) -> Events:
        yield from ()

    def begin(self) -> Events:
        yield from ()

    def read(self, kind: str, event: JSONObject) -> Events:
        place = number_of(event, "content_index")
        match kind:
            case "response.content_part.added" | "response.content_part.done":
                yield from self._read_part(kind, place, object_of(event, "part"))
            case "response.output_text.annotation.added":
                part = yield from self._filled(place, "output_text")
                if event.get("annotation") is not None:
                    yield from part.cite(read_citation(object_of(event, "annotation")))
            case "response.output_text.delta" | "response.refusal.delta":
                part = yield from self._filled(place, kind.split(".")[1])
                yield from part.add(text_of(event, "delta"), read_tokens(event.get("logprobs")))
            case "response.output_text.done":
                part = yield from self._filled(place, "output_text")
                tokens = read_tokens(event.get("logprobs"))
                yield from part.rest(text_of(event, "text"), tokens)
            case "response.refusal.done":
                part = yield from self._filled(place, "refusal")
                yield from part.rest(text_of(event, "refusal"))
            case _:
                raise misplaced(kind, "message")

    def end(self, item: JSONObject | None) -> Events:
        blocks = [] if item is None else read_message(item, param="item")
        if item is not None and item["content"]:
            yield from self._complete(blocks)
        elif not self._parts:
            for block in blocks:  # the message itself, kept whole
                index = next(self.numbers)
                yield BlockStart(index=index, block=block)
                yield BlockEnd(index=index, block=block)
        if self._open is not None:
            yield self._closed(self._open, head=self._head() if item is None else item)

    def _head(self) -> JSONObject:
        """The message as it was announced, but over."""
        return {**self.item, "status": COMPLETED}

    def _read_part(self, kind: str, place: int, raw: JSONObject) -> Events:
        block = read_answer_part(raw, param="part")
        if place not in self._places:
            yield from self._begin(place, block)
        elif kind == "response.content_part.added":
            raise ValueError(f"content_index: part {place} has begun already")
        if kind == "response.content_part.done":
            yield from self._still_open(place).complete(block)

    def _filled(self, place: int, kind: str) -> Generator[StreamEvent, None, _Part]:
        """The part that an event fills, which is of a certain kind."""
        block = read_answer_part(_UNANNOUNCED[kind], param="part")
        if place not in self._places:
            yield from self._begin(place, block)
        part = self._still_open(place)
        if type(part.block) is not type(block):
            raise ValueError(f"content_index: part {place} is not of type {kind}")
        return part

    def _still_open(self, place: int) -> _Part:
        part = self._places[place]
        if part is not self._open:
            raise ValueError(f"content_index: part {place} has ended already")
        return part

    def _begin(self, place: int, block: Block) -> Events:
        if self._open is not None:
            yield self._closed(self._open, head=self._head())
        part = _Part(index=next(self.numbers), block=block)
        opened = part.opened()
        if not self._parts:
            mark(opened, ITEM, remainder(self.item, {"content", "status"}))
        self._open = self._places[place] = part
        self._parts.append(part)
        yield BlockStart(index=part.index, block=opened)

    def _complete(self, blocks: list[Block]) -> Events:
        for at, block in enumerate(blocks):
            if at >= len(self._parts):
                yield from self._begin(max(self._places, default=-1) + 1, block)
            part = self._parts[at]
            if part is self._open:
                yield from part.complete(block)

    def _closed(self, part: _Part, *, head: JSONObject) -> StreamEvent:
        block = part.closed()
        if part is self._parts[0]:
            mark(block, ITEM, remainder(head, {"content"}))
        return BlockEnd(index=part.index, block=block)
