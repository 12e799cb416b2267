"""Writes a normalized stream as this dialect's events, numbered from 0."""

from collections.abc import Iterable

import msgspec
from attrs import define, field

from lunaroute_core.dialects.block_order import BlockOrder
from lunaroute_core.dialects.openai_responses.errors import failed_error
from lunaroute_core.dialects.openai_responses.item_stream import ItemStream
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.response_object import (
    Clock,
    last_item_status,
    response_status,
    write_response,
)
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Finish,
    FinishReason,
    NormalizedRequest,
    NormalizedResponse,
    OpaqueEvent,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamPing,
    StreamStart,
    UsageUpdate,
)
from lunaroute_core.sse import encode_comment, encode_event


@define(kw_only=True)
class ResponsesStreamEncoder:
    """A `StreamEncoder`.

    The terminal event is written at `StreamFinish`, with all that the stream has said of
    usage by then. Another dialect's unknown events have no place here. `position` is the
    number of the next event.
    """

    request: NormalizedRequest
    clock: Clock
    position: int = field(default=0, init=False)
    _answer: NormalizedResponse = field(
        factory=lambda: NormalizedResponse(id="", model=""), init=False
    )
    _items: ItemStream = field(factory=ItemStream, init=False)
    _order: BlockOrder = field(factory=BlockOrder, init=False)

    def encode(self, event: StreamEvent) -> bytes:
        match event:
            case StreamStart():
                return self._start(event)
            case StreamFinish():
                return self._finish(event)
            case StreamError():
                return self._fail(event)
            case UsageUpdate() | StreamPing() | OpaqueEvent() | StreamEnd():
                return self._aside(event)
            case _:
                ordered = self._order.push(event)
                return self._frames(self._items.write(ordered))

    def _aside(self, event: UsageUpdate | StreamPing | OpaqueEvent | StreamEnd) -> bytes:
        """Events that are no part of the answer's content."""
        if isinstance(event, UsageUpdate):
            self._answer.usage = event.usage.merged_over(self._answer.usage)
        if isinstance(event, StreamPing):
            return encode_comment("ping")
        if isinstance(event, OpaqueEvent) and event.dialect == DIALECT:
            return self._frames([event.raw])
        return b""

    def _start(self, event: StreamStart) -> bytes:
        self._answer = NormalizedResponse(
            id=event.id,
            model=event.model,
            created=event.created if event.created is not None else int(self.clock()),
            usage=event.usage,
            stored=event.stored,
            extensions=event.extensions,
        )
        self._items = ItemStream(answer_id=event.id)
        response = self._response()
        return self._frames(
            [
                {"type": "response.created", "response": response},
                {"type": "response.in_progress", "response": response},
            ]
        )

    def _finish(self, event: StreamFinish) -> bytes:
        frames = self._close(event.finish)
        self._answer.extensions = {**self._answer.extensions, **event.extensions}
        status = response_status(event.finish)
        return frames + self._frames([{"type": f"response.{status}", "response": self._response()}])

    def _close(self, finish: Finish) -> bytes:
        """End what is open; the answer is finished after it."""
        self._answer.finish = finish
        frames = self._frames(self._items.write(self._order.rest()))
        return frames + self._frames(self._items.close(last_item_status(finish)))

    def _fail(self, event: StreamError) -> bytes:
        """What was open stays so: a failed response need not complete its items."""
        self._answer.finish = Finish(reason=FinishReason.ERROR)
        response = self._response()
        response["error"] = failed_error(event.details)
        return self._frames([{"type": "response.failed", "response": response}])

    def _response(self) -> JSONObject:
        return write_response(
            self._answer, request=self.request, output=self._items.done, now=self.clock()
        )

    def _frames(self, events: Iterable[JSONObject]) -> bytes:
        return b"".join([self._frame(event) for event in events])

    def _frame(self, event: JSONObject) -> bytes:
        name = str(event.get("type", "message"))
        number: JSONObject = {"type": name, "sequence_number": self.position}
        numbered = number | event | number
        self.position += 1
        return encode_event(msgspec.json.encode(numbered), event=name)
