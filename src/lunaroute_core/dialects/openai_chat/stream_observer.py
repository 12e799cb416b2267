"""Watching a Chat stream go by."""

import re

import msgspec
from attrs import Factory, define, field

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_chat.finish import REASONS
from lunaroute_core.dialects.openai_chat.usage import read_usage
from lunaroute_core.dialects.openai_vendor import openai_error_details
from lunaroute_core.errors import ErrorDetails
from lunaroute_core.json_value import JSONValue
from lunaroute_core.sse import data_payloads, frame_end, frame_start

_GAP = rb"(?:[\s:]|data:)*"
"""What may stand between a key and its value, also where an event has several data lines."""

_TELLING = re.compile(
    rb'"(?:finish_reason"'
    + _GAP
    + rb'"[^"]|usage"'
    + _GAP
    + rb'\{|error"'
    + _GAP
    + rb'["{\[\dtf-])'
)
"""Finds events worth decoding. Inside a JSON string the quotes are escaped, so content
cannot look like a key."""

_DONE = b"[DONE]"
_NOTHING: tuple[JSONValue, ...] = (None, "", [], {})
_LONG = 600
"""Bytes beyond which a quick look costs less than a search by pattern."""
_REASON = b'"finish_reason"'
_NO_REASON = b'"finish_reason":null'
_EVENTS_BEFORE_ID = 8
"""How many events may come before the one that names the answer: Azure begins with one about
the prompt's filters, with empty names. A server that names none is not decoded for long."""


class _Choice(msgspec.Struct):
    index: int = 0
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: JSONValue = None
    error: JSONValue = None


class _Said(msgspec.Struct):
    delta: dict[str, JSONValue] | None = None


class _Content(msgspec.Struct):
    choices: list[_Said] | None = None


_CHUNK = msgspec.json.Decoder(_Chunk)
_CONTENT = msgspec.json.Decoder(_Content)


@define
class ChatStreamObserver:
    """A `StreamObserver`.

    `[DONE]` ends a stream, and so does a finish reason for every choice that was seen,
    because many compatible servers stop there.
    """

    summary: AnswerSummary = Factory(AnswerSummary)
    started: bool = False
    has_content: bool = False
    finished: bool = False
    error: ErrorDetails | None = None
    position: int = 0
    _passes: bool = field(default=False, init=False)
    """Whether events may pass that do not tell anything: not until the answer is named and has
    content; nor once a choice has ended, to learn of others."""
    _unnamed: int = field(default=_EVENTS_BEFORE_ID, init=False)
    """How many events may still be decoded in search of the answer's id."""
    _open: set[int] = field(factory=set[int], init=False)
    _ended: set[int] = field(factory=set[int], init=False)

    def observe(self, block: bytes) -> None:
        """Take a block of whole frames.

        Raises:
            ValueError: an event that had to be read is not a completion chunk.
        """
        at, size = 0, len(block)
        while at < size:
            if self._passes:
                at = _next_telling(block, at)
                if at == size:
                    return
            end = frame_end(block, at)
            for payload in data_payloads(block[at:end]):
                if payload:
                    self._observe_event(payload)
            at = end

    def _observe_event(self, payload: bytes) -> None:
        self.started = True
        # As the SDK does: whatever follows on that line is no content.
        if payload.startswith(_DONE):
            self.finished = True
            return
        if not (self.has_content or self.finished):
            self.has_content = _has_content(payload)
        if self._unnamed or self._ended or _TELLING.search(payload):
            self._read(_decode(payload))
        self._passes = self.has_content and not self._unnamed and not self._ended

    def _read(self, chunk: _Chunk) -> None:
        summary = self.summary
        self._unnamed = max(0, self._unnamed - 1)
        if chunk.id and summary.id is None:
            summary.id, self._unnamed = chunk.id, 0
        summary.model = summary.model or chunk.model or None
        if (usage := read_usage(chunk.usage)) is not None:
            summary.usage = usage.merged_over(summary.usage)
        for choice in chunk.choices or ():
            self._read_choice(choice)
        if chunk.error:
            self.error = openai_error_details({"error": chunk.error})
            self.finished = True

    def _read_choice(self, choice: _Choice) -> None:
        word, index = choice.finish_reason, choice.index
        if word:
            if index == 0 or not self._ended:
                self.summary.finish_reason = REASONS.get(word)
            self._ended.add(index)
        elif index not in self._ended:
            self._open.add(index)
        self._open -= self._ended
        self.finished = self.error is not None or (bool(self._ended) and not self._open)


def _next_telling(block: bytes, at: int) -> int:
    """Where the next frame begins that is worth decoding, the block's length if none is.

    At the end of a stream that is the one with the last finish reason in the block; what
    comes after it is read in any case.
    """
    size = len(block)
    if size - at > _LONG:
        last = block.rfind(_REASON, at)
        ends = last >= 0 and not block.startswith(_NO_REASON, last)
        if _is_plain(block, at, last if ends else size):
            position = last if ends else block.find(_DONE, at)
            return size if position < 0 else frame_start(block, at, position)
    match = _TELLING.search(block, at)
    position = block.find(_DONE, at) if match is None else match.start()
    return size if position < 0 else frame_start(block, at, position)


def _is_plain(block: bytes, begin: int, end: int) -> bool:
    """A quick look that recognizes nearly all content: no errors, every reason and usage null.

    Counting costs a fraction of what a search by pattern does.
    """
    if block.rfind(b'"error"', begin, end) >= 0:
        return False
    if block.count(_REASON, begin, end) != block.count(_NO_REASON, begin, end):
        return False
    if block.rfind(b'"usage"', begin, end) < 0:
        return True
    usages = block.count(b'"usage"', begin, end)
    return usages == block.count(b'"usage":null', begin, end)


def _has_content(payload: bytes) -> bool:
    """Whether a chunk says more than whose turn it is."""
    try:
        choices = _CONTENT.decode(payload).choices or ()
    except (ValueError, RecursionError):
        return True
    return any(
        value not in _NOTHING
        for choice in choices
        for key, value in (choice.delta or {}).items()
        if key != "role"
    )


def _decode(payload: bytes) -> _Chunk:
    try:
        return _CHUNK.decode(payload)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
