"""Reads one output item of a stream as it grows.

A reader opens blocks when their kind is known and closes them with their final form, which is
read as that of a whole answer would be: where a client has been told something else already,
with what it was told.
"""

from collections.abc import Iterator
from typing import Protocol, TypeAlias

from attrs import define, field
from msgspec import UNSET, structs

from lunaroute_core.dialects.openai_responses.answer_json import text_of
from lunaroute_core.dialects.openai_responses.fields import extensions_of
from lunaroute_core.dialects.openai_responses.input_items import parsed_arguments
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.output_reader import CALLS, read_call, read_whole
from lunaroute_core.dialects.openai_responses.streamed_text import StreamedText
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    ArgumentsDelta,
    Block,
    BlockEnd,
    BlockStart,
    Extensions,
    OpaqueEvent,
    StreamEvent,
    ToolCallBlock,
)

Events: TypeAlias = Iterator[StreamEvent]


class ItemReader(Protocol):
    """Reads the events of one item. Each method raises ValueError for what is malformed."""

    def start(self) -> Events:
        """The item is announced."""
        ...

    def begin(self) -> Events:
        """Another item is about to begin: open what has only been announced."""
        ...

    def read(self, kind: str, event: JSONObject) -> Events:
        """An event of the type `kind`."""
        ...

    def end(self, item: JSONObject | None) -> Events:
        """The item as it is at its end; None where the stream ends without telling."""
        ...


def misplaced(kind: str, item: str) -> ValueError:
    """The error for an event whose item is of a type that has no such events."""
    return ValueError(f"{kind} in an item of type {item[:64]!r}")


def opaque_event(kind: str, event: JSONObject) -> OpaqueEvent:
    return OpaqueEvent(dialect=DIALECT, event=kind, raw=event)


def unfinished(extensions: Extensions, *fields: str) -> Extensions:
    """A block's extensions without the fields that only its end tells."""
    ours = extensions.get(DIALECT, {})
    return extensions_of({key: value for key, value in ours.items() if key not in fields})


@define(kw_only=True)
class WholeReader:
    """An item that other dialects have no words for: it is what its end says it is."""

    index: int
    item: JSONObject

    def begin(self) -> Events:
        yield from ()

    def start(self) -> Events:
        yield BlockStart(index=self.index, block=self._block(self.item))

    def read(self, kind: str, event: JSONObject) -> Events:
        yield opaque_event(kind, event)

    def end(self, item: JSONObject | None) -> Events:
        yield BlockEnd(index=self.index, block=self._block(item or self.item))

    def _block(self, item: JSONObject) -> Block:
        return read_whole(item, param="item")


@define(kw_only=True)
class CallReader:
    """A call of a client's tool. It keeps the name and ids that it was announced with."""

    index: int
    item: JSONObject
    _kind: str = field(init=False)
    _call: ToolCallBlock = field(init=False)
    _arguments: StreamedText = field(factory=StreamedText, init=False)

    def __attrs_post_init__(self) -> None:
        self._kind = str(self.item.get("type"))
        key = CALLS[self._kind]
        self._call = read_call({**self.item, key: self.item.get(key) or ""}, param="item")

    def begin(self) -> Events:
        yield from ()

    def start(self) -> Events:
        """Whatever arguments it is announced with: they come again."""
        opened = structs.replace(
            self._call,
            raw_arguments="",
            arguments=UNSET,
            extensions=unfinished(self._call.extensions, "status"),
        )
        yield BlockStart(index=self.index, block=opened)

    def read(self, kind: str, event: JSONObject) -> Events:
        key = CALLS[self._kind]
        stem = f"response.{self._kind}_{key}"
        if kind == f"{stem}.delta":
            self._arguments.add(fragment := text_of(event, "delta"))
            if fragment:
                yield ArgumentsDelta(index=self.index, fragment=fragment)
        elif kind == f"{stem}.done":
            yield from self._rest(text_of(event, key))
        else:
            raise misplaced(kind, self._kind)

    def end(self, item: JSONObject | None) -> Events:
        final = self._call if item is None else read_call(item, param="item")
        yield from self._rest(final.raw_arguments)
        raw = self._arguments.told
        block = structs.replace(
            final,
            id=self._call.id,
            name=self._call.name,
            namespace=self._call.namespace or final.namespace,
            item_id=self._call.item_id or final.item_id,
            raw_arguments=raw,
            arguments=parsed_arguments(raw) if final.tool_kind == "function" else UNSET,
        )
        yield BlockEnd(index=self.index, block=block)

    def _rest(self, whole: str) -> Events:
        if rest := self._arguments.rest(whole):
            yield ArgumentsDelta(index=self.index, fragment=rest)
