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
_ANNOUNCED = frozenset(
    {
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_summary_part.added",
    }
)
"""Events that mostly come before their content."""
_EMPTY_ITEMS = frozenset({"message", "reasoning"})
"""Items that begin empty; a call begins with its name."""
_OPENING = frozenset({"response.created", "response.queued", "response.in_progress"})
_TERMINAL = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)


class _Event(Struct):
    type: str | None = None
    response: AnswerFields | None = None
    error: Raw | UnsetType = UNSET


class _Item(Struct):
    type: str | None = None
    content: list[Raw] | None = None
    summary: list[Raw] | None = None
    encrypted_content: str | None = None


class _Part(Struct):
    text: str | None = None
    refusal: str | None = None


class _Announced(Struct):
    item: _Item | None = None
    part: _Part | None = None


_EVENT = msgspec.json.Decoder(_Event)
_ANNOUNCEMENT = msgspec.json.Decoder(_Announced)


class ResponsesObserver:
    """A `StreamObserver`.

    A `response.failed` is an answer like any other: it finishes the stream and is relayed.
    `error` is set for it all the same, as for the out-of-band `error` event, so that a
    caller who has sent nothing yet can still answer with a status or ask elsewhere.
    """

    def __init__(self) -> None:
        self.summary = AnswerSummary()
        self.started = False
        self.has_content = False
        self.finished = False
        self.error: ErrorDetails | None = None
        self._last = b""

    @property
    def position(self) -> int:
        """One more than the last event's `sequence_number`, 0 where there is none."""
        numbers = _NUMBER.findall(self._last)
        return int(numbers[-1]) + 1 if numbers else 0

    def observe(self, block: bytes) -> None:
        if b'"sequence_number"' in block:
            self._last = block
        if not self.has_content:
            block = self._read_beginning(block)
        if b"error" in block or _LIFECYCLE.search(block) is not None:
            for begin, end in telling_frames(block, _TELLING):
                self._read_frames(block[begin:end])

    def _read_beginning(self, block: bytes) -> bytes:
        """Take the frames until the first with content; returns those behind it."""
        at, size = 0, len(block)
        while at < size and not (self.has_content or self.finished):
            end = frame_end(block, at)
            self._read_frames(block[at:end])
            at = end
        return block[at:]

    def _read_frames(self, frames: bytes) -> None:
        # A stream's last frame may lack the blank line that dispatches it.
        for event in parse_events(frames + b"\n\n"):
            self._read(event)

    def _read(self, event: SSEEvent) -> None:
        if event.data == b"[DONE]":
            return
        if self.started and not _is_lifecycle(event):
            if not (self.has_content or self.finished):
                self.has_content = _has_content(event)
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
            self.has_content = _has_content(event)

    def _note_response(self, kind: str, fields: _Event) -> None:
        answer = fields.response
        if answer is None:
            raise ValueError(f"{kind} without a response")
        note_answer(self.summary, answer)
        if kind in _TERMINAL:
            self.finished = True
        if kind == "response.failed":
            error = msgspec.json.decode(answer.error) if isinstance(answer.error, Raw) else None
            self.error = event_error({"error": error})


def _is_lifecycle(event: SSEEvent) -> bool:
    if event.event == "error" or _LIFECYCLE.search(event.data) is not None:
        return True
    return _ERROR.search(event.data) is not None


def _has_content(event: SSEEvent) -> bool:
    """Whether an event carries output, and does not only announce it."""
    try:
        kind = _EVENT.decode(event.data).type or event.event or ""
        if kind not in _ANNOUNCED:
            return kind.startswith("response.")
        announced = _ANNOUNCEMENT.decode(event.data)
    except (ValueError, RecursionError):
        return True
    if (item := announced.item) is not None:
        empty = not (item.content or item.summary or item.encrypted_content)
        return not (empty and item.type in _EMPTY_ITEMS)
    return announced.part is not None and bool(announced.part.text or announced.part.refusal)


def _decoded(data: bytes) -> _Event:
    try:
        return _EVENT.decode(data)
    except RecursionError as error:
        raise ValueError("an event is nested too deeply") from error
