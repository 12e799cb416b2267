"""Reads reasoning of a stream: the parts of its summary or, of servers that show it, its text."""

from collections import Counter

from attrs import define, field
from msgspec import structs

from lunaroute_core.dialects.openai_responses.answer_json import number_of, object_of, text_of
from lunaroute_core.dialects.openai_responses.fields import PARTS, mark
from lunaroute_core.dialects.openai_responses.item_reading import Events, misplaced, unfinished
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.output_reader import (
    ReasoningField,
    read_answer_reasoning,
)
from lunaroute_core.dialects.openai_responses.streamed_text import StreamedText
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import BlockEnd, BlockStart, OpaqueSet, ReasoningBlock, ReasoningDelta

_FILLS: dict[str, tuple[ReasoningField, str]] = {
    "response.reasoning_summary_text.delta": ("summary", "summary_index"),
    "response.reasoning_summary_text.done": ("summary", "summary_index"),
    "response.reasoning_summary_part.added": ("summary", "summary_index"),
    "response.reasoning_summary_part.done": ("summary", "summary_index"),
    "response.reasoning_text.delta": ("content", "content_index"),
    "response.reasoning_text.done": ("content", "content_index"),
    "response.content_part.added": ("content", "content_index"),
    "response.content_part.done": ("content", "content_index"),
}
"""The field that an event fills, and the place of the part that it is of."""


@define(kw_only=True)
class ReasoningReader:
    """An `ItemReader`. The block opens with its first text, or at its end: only then is it
    known whether there is any.

    Of an item with both a summary and a text, the one that speaks first is told. The encrypted
    content is that of the item's end: what it is announced with may be incomplete.
    """

    index: int
    item: JSONObject
    model: str
    _is_open: bool = field(default=False, init=False)
    _told: ReasoningField | None = field(default=None, init=False)
    _ordinals: dict[tuple[ReasoningField, int], int] = field(
        factory=dict[tuple[ReasoningField, int], int], init=False
    )
    _counts: Counter[ReasoningField] = field(factory=Counter[ReasoningField], init=False)
    _texts: list[StreamedText] = field(factory=list[StreamedText], init=False)

    def start(self) -> Events:
        self._read(self.item)
        yield from ()

    def begin(self) -> Events:
        if self._is_open:
            return
        self._is_open = True
        announced = self._read(self.item)
        opened = ReasoningBlock(
            origin=announced.origin,
            item_id=announced.item_id,
            extensions=unfinished(announced.extensions, "status", "summary", "content", PARTS),
        )
        if self._told == "content":
            mark(opened, PARTS, "content")
        yield BlockStart(index=self.index, block=opened)

    def read(self, kind: str, event: JSONObject) -> Events:
        if kind not in _FILLS:
            raise misplaced(kind, "reasoning")
        part_of, key = _FILLS[kind]
        ordinal = self._ordinal(part_of, number_of(event, key))
        if kind.endswith("_text.delta"):
            if self._tells(part_of, text := text_of(event, "delta")):
                yield from self._tell(ordinal, text)
        elif kind.endswith(".done"):
            whole = event if kind.endswith("_text.done") else object_of(event, "part")
            if self._tells(part_of, text := text_of(whole, "text")):
                yield from self._rest(ordinal, text)

    def end(self, item: JSONObject | None) -> Events:
        final = self._read(self.item if item is None else item)
        if item is None:
            # Perhaps incomplete, and then of no use.
            final.variant, final.opaque = "visible", None
        if not self._is_open and not final.parts:
            self._is_open = True
            yield BlockStart(index=self.index, block=final)
            yield BlockEnd(index=self.index, block=final)
            return
        if self._told is None:
            self._told = "content" if PARTS in final.extensions.get(DIALECT, {}) else "summary"
        for ordinal, text in enumerate(final.parts):
            yield from self._rest(ordinal, text)
        yield from self.begin()
        if final.opaque is not None:
            yield OpaqueSet(index=self.index, opaque=final.opaque)
        yield BlockEnd(index=self.index, block=self._closed(final))

    def _read(self, item: JSONObject) -> ReasoningBlock:
        return read_answer_reasoning(item, param="item", model=self.model, parts_of=self._told)

    def _ordinal(self, part_of: ReasoningField, place: int) -> int:
        """Which of its field's parts the one at a place is: places may be left out."""
        known = self._ordinals.get((part_of, place))
        if known is None:
            known = self._ordinals[part_of, place] = self._counts[part_of]
            self._counts[part_of] += 1
        return known

    def _tells(self, part_of: ReasoningField, text: str) -> bool:
        """Whether a field is the one that is told."""
        if text and self._told is None:
            self._told = part_of
        return bool(text) and self._told == part_of

    def _tell(self, ordinal: int, text: str) -> Events:
        yield from self._reach(ordinal)
        self._texts[ordinal].add(text)
        yield ReasoningDelta(index=self.index, text=text, part=ordinal)

    def _rest(self, ordinal: int, whole: str) -> Events:
        yield from self._reach(ordinal)
        if rest := self._texts[ordinal].rest(whole):
            yield ReasoningDelta(index=self.index, text=rest, part=ordinal)

    def _reach(self, ordinal: int) -> Events:
        """Open the block and all parts before this one, of which some may be empty."""
        yield from self.begin()
        for before in range(len(self._texts), ordinal):
            self._texts.append(StreamedText())
            yield ReasoningDelta(index=self.index, text="", part=before)
        if ordinal == len(self._texts):
            self._texts.append(StreamedText())

    def _closed(self, final: ReasoningBlock) -> ReasoningBlock:
        """The final form, with what was told."""
        parts = [text.told for text in self._texts]
        if parts == final.parts or self._told is None:
            return final
        left = unfinished(final.extensions, self._told)
        block = structs.replace(final, variant="visible", parts=parts, extensions=left)
        if self._told == "content":
            mark(block, PARTS, "content")
        return block
