"""The deltas of a stream as blocks: reasoning, text and refusals one after the other, and
beside them calls, which `call_reading` tells apart.
"""

from collections.abc import Iterator

from attrs import define, field

from lunaroute_core.dialects.openai_chat.annotations import read_annotations
from lunaroute_core.dialects.openai_chat.answer_decoding import (
    content_text,
    decode_audio,
    text_of,
)
from lunaroute_core.dialects.openai_chat.answer_reasoning import (
    answer_detail,
    detail_text,
    details_of,
    origin_of,
    plain_text,
)
from lunaroute_core.dialects.openai_chat.block_numbers import BlockNumbers
from lunaroute_core.dialects.openai_chat.call_reading import CallReader
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    BlockEnd,
    BlockStart,
    CitationAdd,
    ReasoningBlock,
    ReasoningDelta,
    RefusalBlock,
    RefusalDelta,
    StreamEvent,
    TextBlock,
    TextDelta,
)

_JOINED = frozenset({"text", "summary", "data", "signature"})
"""Fields of a reasoning entry that come in pieces; others are repeated."""
_JOINED_AUDIO = frozenset({"data", "transcript"})


@define(kw_only=True)
class _Open:
    """The block being written. `key` tells its kind and, of reasoning, which entry it is."""

    key: tuple[JSONValue, ...]
    index: int
    fields: JSONObject = field(factory=dict[str, JSONValue])
    pieces: dict[str, list[str]] = field(factory=dict[str, list[str]])

    def merge(self, fields: JSONObject, *, joined: frozenset[str]) -> None:
        """Take the next piece; of its fields those in `joined` continue what came before."""
        for key, value in fields.items():
            if key in joined and isinstance(value, str):
                self.pieces.setdefault(key, []).append(value)
            elif value is not None or key not in self.fields:
                self.fields[key] = value

    @property
    def whole(self) -> JSONObject:
        """All pieces together."""
        texts: JSONObject = {key: "".join(pieces) for key, pieces in self.pieces.items()}
        return {**self.fields, **texts}


@define(kw_only=True)
class DeltaReader:
    """Reads the deltas of one answer.

    Attributes:
        kinds: the blocks that there were, as they began.
        late_annotations: those that came when their text was closed already.
    """

    answer_id: str
    model: str
    kinds: list[Block] = field(factory=list[Block], init=False)
    late_annotations: list[JSONValue] = field(factory=list[JSONValue], init=False)
    _numbers: BlockNumbers = field(factory=BlockNumbers, init=False)
    _open: _Open | None = field(default=None, init=False)
    _calls: CallReader = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._calls = CallReader(numbers=self._numbers, answer_id=self.answer_id)

    def read(self, delta: JSONObject, tokens: list[JSONObject]) -> Iterator[StreamEvent]:
        """One delta, and what is told of the tokens of its text.

        Raises:
            ValueError: it is not of this dialect.
        """
        yield from self._read_reasoning(delta)
        text = content_text(delta.get("content"))
        if text or tokens:
            yield from self._switched(("text",), TextBlock(text=""))
            yield TextDelta(index=self._index, text=text, logprobs=tokens)
        yield from self._read_annotations(delta.get("annotations"))
        if refusal := text_of(delta, "refusal"):
            yield from self._switched(("refusal",), RefusalBlock(text=""))
            yield RefusalDelta(index=self._index, text=refusal)
        if isinstance(audio := delta.get("audio"), dict):
            yield from self._read_audio(audio)
        yield from self._read_calls(delta)

    def end(self) -> Iterator[StreamEvent]:
        """Close what is open."""
        yield from self._closed()
        yield from self._calls.end()

    @property
    def _index(self) -> int:
        return self._open.index if self._open is not None else -1

    def _switched(self, key: tuple[JSONValue, ...], block: Block) -> Iterator[StreamEvent]:
        """Open a block, unless it is the one that is open."""
        if self._open is not None and self._open.key == key:
            return
        yield from self._closed()
        self._open = _Open(key=key, index=self._numbers.next())
        self.kinds.append(block)
        yield BlockStart(index=self._open.index, block=block)

    def _closed(self) -> Iterator[StreamEvent]:
        if self._open is None:
            return
        block, final = self._open, None
        self._open = None
        if block.key[0] == "detail":
            final = answer_detail(block.whole, model=self.model)
        elif block.key[0] == "audio":
            final = decode_audio(block.whole)
        yield BlockEnd(index=block.index, block=final)

    def _read_reasoning(self, delta: JSONObject) -> Iterator[StreamEvent]:
        if text := plain_text(delta):
            opened = ReasoningBlock(origin=origin_of(self.model))
            yield from self._switched(("reasoning",), opened)
            yield ReasoningDelta(index=self._index, text=text)
        for detail in details_of(delta):
            key = ("detail", detail.get("index"), detail.get("type"))
            yield from self._switched(key, _opened_detail(detail, model=self.model))
            self._merge(detail, joined=_JOINED)
            if text := detail_text(detail):
                yield ReasoningDelta(index=self._index, text=text)

    def _read_annotations(self, value: JSONValue) -> Iterator[StreamEvent]:
        citations = read_annotations(value)
        if self._open is None or self._open.key != ("text",):
            self.late_annotations += [it.raw for it in citations]
            return
        for citation in citations:
            yield CitationAdd(index=self._open.index, citation=citation)

    def _read_audio(self, audio: JSONObject) -> Iterator[StreamEvent]:
        yield from self._switched(("audio",), AudioBlock())
        self._merge(audio, joined=_JOINED_AUDIO)

    def _merge(self, fields: JSONObject, *, joined: frozenset[str]) -> None:
        if self._open is not None:
            self._open.merge(fields, joined=joined)

    def _read_calls(self, delta: JSONObject) -> Iterator[StreamEvent]:
        listed = delta.get("tool_calls")
        entries = [it for it in listed if isinstance(it, dict)] if isinstance(listed, list) else []
        if isinstance(older := delta.get("function_call"), dict):
            entries.append({"index": 0, "function": older})
        if entries:
            yield from self._closed()
        for entry in entries:
            for event in self._calls.read(entry):
                if isinstance(event, BlockStart):
                    self.kinds.append(event.block)
                yield event


def _opened_detail(detail: JSONObject, *, model: str) -> ReasoningBlock:
    """The block of an entry as it begins, without what comes as deltas."""
    block = answer_detail(detail, model=model)
    block.parts, block.opaque = [], None
    if block.variant == "signature_only":
        block.variant = "visible"
    return block
