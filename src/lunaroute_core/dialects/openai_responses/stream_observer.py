"""Watches a wire stream go by.

Only the events that begin, end or break a response are decoded. All others, the deltas
above all, are told from their bytes: quotes inside JSON strings are escaped, so that an
event's type cannot be mistaken for text that quotes one.
"""

import re

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_responses.answer_fields import AnswerFields, note_answer
from lunaroute_core.dialects.openai_responses.errors import event_error
from lunaroute_core.errors import ErrorDetails
from lunaroute_core.sse import SSEEvent, frame_end, parse_events, telling_frames

_LIFECYCLE = re.compile(
    rb'"type"\s*:\s*"response\.'
    rb'(?:created|queued|in_progress|completed|incomplete|failed|cancelled)"'
)
_TELLING = re.compile(_LIFECYCLE.pattern + rb"|error")
_ERROR = re.compile(rb'"type"\s*:\s*"error"|^\s*\{\s*"error"')
_NUMBER = re.compile(rb'"sequence_number"\s*:\s*(\d{1,15})\b')
_OPENING = frozenset({"response.created", "response.queued", "response.in_progress"})
_TERMINAL = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)


class _Event(Struct):
    type: str | None = None
    response: AnswerFields | None = None
    error: Raw | UnsetType = UNSET


_EVENT = msgspec.json.Decoder(_Event)


class ResponsesObserver:
    """A `StreamObserver`.

    A `response.failed` is an answer like any other: it finishes the stream and is relayed.
    `error` is set for the out-of-band `error` event, and for a `response.failed` that
    comes before any output, so that a caller who has sent nothing yet can still answer
    with a status or ask elsewhere.
    """

    def __init__(self) -> None:
        self.summary = AnswerSummary()
        self.started = False
        self.finished = False
        self.error: ErrorDetails | None = None
        self._has_output = False
        self._last = b""

    @property
    def position(self) -> int:
        """One more than the last event's `sequence_number`, 0 where there is none."""
        numbers = _NUMBER.findall(self._last)
        return int(numbers[-1]) + 1 if numbers else 0

    def observe(self, block: bytes) -> None:
        if b'"sequence_number"' in block:
            self._last = block
        while block and not self.started:
            end = frame_end(block, 0)
            self._read_frames(block[:end])
            block = block[end:]
        passed = 0
        if b"error" in block or _LIFECYCLE.search(block) is not None:
            for begin, end in telling_frames(block, _TELLING):
                self._pass(block, passed, begin)
                self._read_frames(block[begin:end])
                passed = end
        self._pass(block, passed, len(block))

    def _pass(self, block: bytes, begin: int, end: int) -> None:
        """Take note of frames that need not be read."""
        if not self._has_output:
            self._has_output = block.find(b"data:", begin, end) >= 0

    def _read_frames(self, frames: bytes) -> None:
        # A stream's last frame may lack the blank line that dispatches it.
        for event in parse_events(frames + b"\n\n"):
            self._read(event)

    def _read(self, event: SSEEvent) -> None:
        if event.data == b"[DONE]":
            return
        if self.started and not _is_lifecycle(event):
            self._has_output = True
            return
        self._note(event, _decoded(event.data))
        self.started = True

    def _note(self, event: SSEEvent, fields: _Event) -> None:
        kind = fields.type or event.event
        if kind in _OPENING or kind in _TERMINAL:
            self._note_response(str(kind), fields)
        elif kind == "error" or (fields.type is None and fields.error is not UNSET):
            self.error = event_error(msgspec.json.decode(event.data))
            self.finished = True
        elif kind is None or not kind.startswith("response."):
            raise ValueError("not an event of a response stream")
        else:
            self._has_output = True

    def _note_response(self, kind: str, fields: _Event) -> None:
        answer = fields.response
        if answer is None:
            raise ValueError(f"{kind} without a response")
        note_answer(self.summary, answer)
        if kind in _TERMINAL:
            self.finished = True
        if kind == "response.failed" and not self._has_output:
            error = msgspec.json.decode(answer.error) if isinstance(answer.error, Raw) else None
            self.error = event_error({"error": error})


def _is_lifecycle(event: SSEEvent) -> bool:
    if event.event == "error" or _LIFECYCLE.search(event.data) is not None:
        return True
    return _ERROR.search(event.data) is not None


def _decoded(data: bytes) -> _Event:
    try:
        return _EVENT.decode(data)
    except RecursionError as error:
        raise ValueError("an event is nested too deeply") from error
