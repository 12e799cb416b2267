"""Watches a message stream go by."""

import re
from typing import Final

from msgspec import Struct
from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.errors import error_kind
from lunaroute_core.dialects.anthropic_messages.finish import read_stop_reason
from lunaroute_core.dialects.anthropic_messages.usage import WireUsage, read_usage
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.errors import ErrorDetails
from lunaroute_core.sse import SSEEvent, frame_end, parse_events, telling_frames

_TELLING: Final = re.compile(rb"message_|error")
_ANNOUNCED: Final = frozenset({"text", "thinking"})
"""Content blocks that begin empty."""
_READ: Final = frozenset({"message_start", "message_delta", "message_stop", "error"})


class _Message(Struct):
    id: str | None = None
    model: str | None = None
    usage: WireUsage | None = None


class _Delta(Struct):
    stop_reason: str | None = None


class _Error(Struct):
    type: str | None = None
    message: str | None = None
    details: dict[str, object] | None = None


class _Event(Struct):
    """Any of the events that are read; each has the fields of its type."""

    type: str | None = None
    message: _Message | None = None
    delta: _Delta | None = None
    usage: WireUsage | None = None
    error: _Error | None = None
    request_id: str | None = None


class _Type(Struct):
    type: str | None = None


class _Opened(Struct):
    """What a content block begins with."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class _Start(Struct):
    type: str | None = None
    content_block: _Opened | None = None


_EVENT = Decoder(_Event)
_TYPE = Decoder(_Type)
_START = Decoder(_Start)


class MessagesObserver:
    """A `StreamObserver`.

    Of content blocks and pings, which are nearly all of a stream, only the bytes are
    looked at: their events have none of the names that are read. Until the first content,
    every event's type is.
    """

    def __init__(self) -> None:
        self.summary = AnswerSummary()
        self.started = False
        self.has_content = False
        self.finished = False
        self.error: ErrorDetails | None = None
        self.position = 0

    def observe(self, block: bytes) -> None:
        if not self.has_content:
            block = self._observe_beginning(block)
        if b"message_" in block or b"error" in block:
            for begin, end in telling_frames(block, _TELLING):
                self._observe_frames(block[begin:end])

    def _observe_beginning(self, block: bytes) -> bytes:
        """Take the frames until the first with content; returns those behind it."""
        at, size = 0, len(block)
        while at < size and not (self.has_content or self.finished):
            end = frame_end(block, at)
            self._observe_frames(block[at:end])
            at = end
        return block[at:]

    def _observe_frames(self, block: bytes) -> None:
        # A stream's last frame may lack the blank line that dispatches it.
        for event in parse_events(block + b"\n\n"):
            self.started = True
            if self.finished:
                return
            if _is_read(event):
                self._read(event)
            elif not self.has_content:
                self.has_content = _has_content(event)

    def _read(self, event: SSEEvent) -> None:
        try:
            read = _EVENT.decode(event.data)
        except RecursionError as error:
            raise ValueError("an event is nested too deeply") from error
        name = "error" if event.event == "error" else read.type or event.event
        if name == "error":
            self._read_error(read)
        elif name == "message_start":
            self._read_start(read)
        elif name == "message_delta":
            self._read_delta(read)
        elif name == "message_stop":
            self.finished = True

    def _read_start(self, event: _Event) -> None:
        if event.message is None:
            raise ValueError("message_start without a message")
        self.summary.id = event.message.id
        self.summary.model = event.message.model
        self._add_usage(event.message.usage)

    def _read_delta(self, event: _Event) -> None:
        if event.delta is not None:
            reason = read_stop_reason(event.delta.stop_reason)
            self.summary.finish_reason = reason or self.summary.finish_reason
        self._add_usage(event.usage)

    def _add_usage(self, usage: WireUsage | None) -> None:
        if usage is not None:
            self.summary.usage = read_usage(usage).merged_over(self.summary.usage)

    def _read_error(self, event: _Event) -> None:
        error = event.error or _Error()
        code = (error.details or {}).get("error_code")
        code = code if isinstance(code, str) else None
        message = error.message or "the upstream reported an error"
        self.error = ErrorDetails(
            kind=error_kind(error.type, status=None, code=code, message=message),
            message=message,
            type=error.type,
            code=code,
            request_id=event.request_id,
        )
        self.finished = True


def _is_read(event: SSEEvent) -> bool:
    """Whether an event carries more than content.

    Some servers leave the event's name out; then its type says it, and where none of the
    names occurs in the data there is no need to look for the type.
    """
    if event.event is not None:
        return event.event in _READ
    if b"message_" not in event.data and b"error" not in event.data:
        return False
    try:
        return _TYPE.decode(event.data).type in _READ
    except RecursionError as error:
        raise ValueError("an event is nested too deeply") from error


def _has_content(event: SSEEvent) -> bool:
    """Whether an event carries content, and does not only announce a text or thoughts."""
    if b"content_block_" not in event.data:
        return event.event == "content_block_delta"
    try:
        read = _START.decode(event.data)
    except (ValueError, RecursionError):
        return True
    if (read.type or event.event) != "content_block_start":
        return (read.type or event.event) == "content_block_delta"
    opened = read.content_block or _Opened()
    return opened.type not in _ANNOUNCED or bool(opened.text or opened.thinking)
