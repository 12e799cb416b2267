"""Reads a stream of response events."""

from collections.abc import Iterator
from itertools import count

from attrs import define, field

from lunaroute_core.dialects.openai_responses.answer_json import (
    answer_errors,
    number_of,
    object_of,
    read_json,
)
from lunaroute_core.dialects.openai_responses.errors import event_error
from lunaroute_core.dialects.openai_responses.finish import COMPLETED, FAILED, INCOMPLETE
from lunaroute_core.dialects.openai_responses.item_reading import (
    CallReader,
    Events,
    ItemReader,
    WholeReader,
    opaque_event,
)
from lunaroute_core.dialects.openai_responses.message_reading import MessageReader
from lunaroute_core.dialects.openai_responses.output_reader import CALLS, item_type
from lunaroute_core.dialects.openai_responses.reasoning_reading import ReasoningReader
from lunaroute_core.dialects.openai_responses.response_reader import (
    ResponseFields,
    answer_finish,
    read_fields,
)
from lunaroute_core.errors import ErrorDetails, ErrorKind
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    BlockStart,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamPing,
    StreamStart,
    UsageUpdate,
)
from lunaroute_core.sse import SSEEvent, parse_events

_CANCELLED = "cancelled"
_RUNNING = frozenset({"response.created", "response.queued", "response.in_progress"})
_TERMINAL = {f"response.{it}": it for it in (COMPLETED, INCOMPLETE, FAILED, _CANCELLED)}
_PINGS = frozenset({"keepalive", "ping"})
_INSIDE_ITEMS = frozenset(
    {
        "response.content_part.added",
        "response.content_part.done",
        "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_text.annotation.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_part.done",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
        "response.refusal.delta",
        "response.refusal.done",
    }
)
"""Events that say what an item is made of; all others stay as they are."""


@define(kw_only=True)
class _Item:
    """An item that has begun: its type, and its place among all items."""

    kind: str
    place: int
    reader: ItemReader


@define
class ResponsesStreamDecoder:
    """A `StreamDecoder`. The answer keeps the id that it began with; nothing follows a terminal
    event or an error.

    Servers exist that give every item the same index, one after the other, that say some things
    only at an item's end, or an item only in the terminal event.
    """

    _model: str | None = field(default=None, init=False)
    _over: bool = field(default=False, init=False)
    _items: dict[int, _Item] = field(factory=dict[int, _Item], init=False)
    _ended: set[int] = field(factory=set[int], init=False)
    _latest: ItemReader | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)
    """How many items there were."""
    _numbers: Iterator[int] = field(factory=count, init=False)
    _kinds: set[type[Block]] = field(factory=set[type[Block]], init=False)

    def decode(self, block: bytes) -> list[StreamEvent]:
        """The events in a block of whole frames.

        Raises:
            ValueError: an event is not this dialect's.
        """
        events: list[StreamEvent] = []
        # A stream's last frame may lack the blank line that dispatches it.
        for sse in parse_events(block + b"\n\n"):
            if self._over:
                break
            with answer_errors():
                for event in self._read(sse):
                    if isinstance(event, BlockStart):
                        self._kinds.add(type(event.block))
                    events.append(event)
        return events

    def end(self) -> list[StreamEvent]:
        """Nothing: the vendor's streams say themselves where they end."""
        return []

    def _read(self, sse: SSEEvent) -> Events:
        if not sse.data or sse.data == b"[DONE]":
            return
        event = read_json(sse.data)
        named = event.get("type", sse.event)
        kind = named if isinstance(named, str) else ""
        if kind == "error" or (not kind and "error" in event):
            yield self._fail(event_error(event))
        elif kind in _PINGS:
            yield StreamPing()
        elif kind in _RUNNING:
            yield from self._start(read_fields(object_of(event, "response"), param="response"))
        elif kind in _TERMINAL:
            fields = read_fields(object_of(event, "response"), param="response")
            fields.status = _TERMINAL[kind]
            yield from self._finish(fields)
        elif self._model is None:
            raise ValueError(f"type: {kind[:64]!r} comes before response.created")
        else:
            yield from self._read_inside(kind, event, self._model)

    def _read_inside(self, kind: str, event: JSONObject, model: str) -> Events:
        if kind == "response.output_item.added":
            if event.get("item") is not None:
                yield from self._begin(event, model)
        elif kind == "response.output_item.done":
            yield from self._end(event, model)
        elif kind in _INSIDE_ITEMS:
            yield from self._item(event).reader.read(kind, event)
        else:
            yield opaque_event(kind, event)

    def _start(self, fields: ResponseFields) -> Events:
        if self._model is not None:
            return
        self._model = fields.model
        yield StreamStart(
            id=fields.id,
            model=fields.model,
            created=fields.created,
            usage=fields.usage,
            extensions=fields.extensions,
        )

    def _begin(self, event: JSONObject, model: str) -> Events:
        index = number_of(event, "output_index")
        if index in self._items:
            raise ValueError(f"output_index: item {index} has begun already")
        self._ended.discard(index)
        self._items[index] = item = self._announced(object_of(event, "item"), model)
        yield from self._opened(item)

    def _end(self, event: JSONObject, model: str) -> Events:
        index, raw = number_of(event, "output_index"), object_of(event, "item")
        if index in self._ended:
            raise ValueError(f"output_index: item {index} has ended already")
        item = self._items.pop(index, None)
        if item is None:
            item = self._announced(raw, model)
            yield from self._opened(item)
        if item_type(raw, param="item") != item.kind:
            raise ValueError("item.type: is not the one that the item began with")
        self._ended.add(index)
        yield from item.reader.end(raw)

    def _item(self, event: JSONObject) -> _Item:
        index = number_of(event, "output_index")
        if index not in self._items:
            raise ValueError(f"output_index: item {index} is not open")
        return self._items[index]

    def _announced(self, raw: JSONObject, model: str) -> _Item:
        kind = item_type(raw, param="item")
        self._count += 1
        return _Item(kind=kind, place=self._count - 1, reader=self._reader(kind, raw, model))

    def _opened(self, item: _Item) -> Events:
        if self._latest is not None:
            yield from self._latest.begin()
        self._latest = item.reader
        yield from item.reader.start()

    def _reader(self, kind: str, raw: JSONObject, model: str) -> ItemReader:
        if kind == "message":
            return MessageReader(numbers=self._numbers, item=raw)
        index = next(self._numbers)
        if kind in CALLS:
            return CallReader(index=index, item=raw)
        if kind == "reasoning":
            return ReasoningReader(index=index, item=raw, model=model)
        return WholeReader(index=index, item=raw)

    def _finish(self, fields: ResponseFields) -> Events:
        yield from self._start(fields)
        failed = fields.status in (FAILED, _CANCELLED)
        if not failed:
            yield from self._end_items(fields)
        if fields.usage is not None:
            yield UsageUpdate(usage=fields.usage)
        if failed:
            yield self._fail(_failure(fields))
            return
        self._over = True
        finish = answer_finish(fields, kinds=self._kinds)
        yield StreamFinish(finish=finish, extensions=fields.extensions)
        yield StreamEnd()

    def _end_items(self, fields: ResponseFields) -> Events:
        """End what is open, and tell the items that only the terminal event has."""
        for item in self._items.values():
            raw = fields.output[item.place] if item.place < len(fields.output) else None
            known = raw is not None and item_type(raw, param="item") == item.kind
            yield from item.reader.end(raw if known else None)
        self._items.clear()
        for raw in fields.output[self._count :]:
            item = self._announced(raw, self._model or fields.model)
            yield from self._opened(item)
            yield from item.reader.end(raw)

    def _fail(self, details: ErrorDetails) -> StreamError:
        self._over = True
        return StreamError(
            kind=details.kind, message=details.message, type=details.type, code=details.code
        )


def _failure(fields: ResponseFields) -> ErrorDetails:
    """Why a response failed."""
    if fields.error is not None or fields.status == FAILED:
        return event_error({"error": fields.error})
    return ErrorDetails(kind=ErrorKind.SERVER, message="the response was cancelled")
