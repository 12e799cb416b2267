"""Reads a message stream."""

from msgspec import Raw, Struct
from msgspec.json import Decoder, encode

from lunaroute_core.dialects.anthropic_messages.block_reader import BlockReader, Delta
from lunaroute_core.dialects.anthropic_messages.errors import error_kind
from lunaroute_core.dialects.anthropic_messages.fields import OBJECT, TEXT, JSONFields
from lunaroute_core.dialects.anthropic_messages.finish import read_finish
from lunaroute_core.dialects.anthropic_messages.message_reader import answer_error, read_start
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.usage import WireUsage, read_usage
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Finish,
    FinishReason,
    OpaqueEvent,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamPing,
    ToolCallBlock,
    UsageUpdate,
)
from lunaroute_core.sse import SSEEvent, parse_events

_NULL = Raw(b"null")


class _Event(Struct):
    """Any of the events; each has the fields of its type."""

    type: str | None = None
    index: int | None = None
    delta: Delta | None = None
    content_block: Raw = _NULL
    message: Raw = _NULL
    usage: WireUsage | None = None
    error: "_Error | None" = None


class _Error(Struct):
    type: str | None = None
    message: str | None = None
    details: JSONObject | None = None


_EVENT = Decoder(_Event)
_OBJECT = Decoder(JSONObject)
_MESSAGE_DELTA = frozenset({"type", "delta", "usage"})


class MessagesDecoder:
    """A `StreamDecoder`. Nothing follows the end or an error.

    The finish waits for `message_stop`, since several `message_delta` may come before.
    """

    def __init__(self) -> None:
        self._model: str | None = None
        self._ended = False
        self._blocks: dict[int, BlockReader] = {}
        self._seen: set[int] = set()
        self._calls = False
        self._stop: JSONObject = {}
        self._extra: JSONObject = {}

    def decode(self, block: bytes) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        # A stream's last frame may lack the blank line that dispatches it.
        for event in parse_events(block + b"\n\n"):
            if self._ended:
                break
            try:
                events += self._read(event)
            except InvalidRequestError as error:
                raise answer_error(error) from error
            except RecursionError as error:
                raise ValueError("an event is nested too deeply") from error
        return events

    def end(self) -> list[StreamEvent]:
        """Nothing: the vendor's streams say themselves where they end."""
        return []

    def _read(self, sse: SSEEvent) -> list[StreamEvent]:  # noqa: PLR0911 - one for each type
        event = _EVENT.decode(sse.data)
        match "error" if sse.event == "error" else event.type or sse.event:
            case "content_block_delta":
                return self._delta(event, sse.data)
            case "error":
                return self._fail(event.error or _Error())
            case "ping":
                return [StreamPing()]
            case "message_start":
                return self._start(event)
            case name if self._model is None:
                raise ValueError(f"{name} before message_start")
            case "content_block_start":
                return self._open(event, self._model)
            case "content_block_stop":
                reader = self._reader(event)
                del self._blocks[reader.index]
                return reader.end()
            case "message_delta":
                return self._message_delta(event, sse.data)
            case "message_stop":
                return self._finish()
            case name:
                return [
                    OpaqueEvent(dialect=DIALECT, event=name or "", raw=_OBJECT.decode(sse.data))
                ]

    def _start(self, event: _Event) -> list[StreamEvent]:
        if self._model is not None:
            raise ValueError("a second message_start")
        start = read_start(event.message)
        self._model = start.model
        return [start]

    def _open(self, event: _Event, model: str) -> list[StreamEvent]:
        index = event.index
        if index is None or index in self._seen:
            raise ValueError(f"content block {index} has no index, or has started already")
        reader, events = BlockReader.opened(index, event.content_block, model=model)
        self._blocks[index] = reader
        self._seen.add(index)
        self._calls = self._calls or isinstance(reader.block, ToolCallBlock)
        return events

    def _delta(self, event: _Event, data: bytes) -> list[StreamEvent]:
        reader = self._reader(event)
        if event.delta is None:
            raise ValueError("content_block_delta without a delta")
        return reader.delta(event.delta, data)

    def _reader(self, event: _Event) -> BlockReader:
        reader = self._blocks.get(-1 if event.index is None else event.index)
        if reader is None:
            raise ValueError(f"content block {event.index} is not open")
        return reader

    def _message_delta(self, event: _Event, data: bytes) -> list[StreamEvent]:
        whole = _OBJECT.decode(data)
        if isinstance(given := whole.get("delta"), dict):
            self._stop |= {key: value for key, value in given.items() if value is not None}
        self._extra |= {key: it for key, it in whole.items() if key not in _MESSAGE_DELTA}
        return [] if event.usage is None else [UsageUpdate(usage=read_usage(event.usage))]

    def _finish(self) -> list[StreamEvent]:
        if self._blocks:
            raise ValueError(f"message_stop while content block {min(self._blocks)} is open")
        self._ended = True
        stop = JSONFields(encode(self._stop), path="delta")
        finish = read_finish(
            stop.take("stop_reason", TEXT),
            stop_sequence=stop.take("stop_sequence", TEXT),
            details=stop.take("stop_details", OBJECT),
            calls=self._calls,
        )
        extra = {**stop.rest(), **self._extra}
        missing = FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP
        finished = StreamFinish(finish=finish or Finish(reason=missing))
        finished.extensions = {DIALECT: extra} if extra else {}
        return [finished, StreamEnd()]

    def _fail(self, error: _Error) -> list[StreamEvent]:
        self._ended = True
        code = (error.details or {}).get("error_code")
        code = code if isinstance(code, str) else None
        message = error.message or "the upstream reported an error"
        kind = error_kind(error.type, status=None, code=code, message=message)
        return [StreamError(kind=kind, message=message, type=error.type, code=code)]
