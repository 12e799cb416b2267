"""Server-sent events: finding frame boundaries in any chunking, and reading frames.

The format is the WHATWG HTML standard, section 9.2. A stream is relayed in *blocks*, byte
strings of one or more whole frames: nothing is re-serialized, and whoever must look
inside parses a block with `parse_events`.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

DEFAULT_MAX_EVENT_BYTES = 32 * 1024 * 1024


class SSELimitError(ValueError):
    """A frame outgrew the limit before its end was seen."""


class SSEEvent(Struct, frozen=True):
    """One dispatched event. `data` joins the frame's data lines with newlines."""

    data: bytes
    event: str | None = None
    id: str | None = None


class SSEFramer:
    """Cuts a byte stream, chunked in any way, at frame boundaries.

    Linear in the stream's length however small the chunks are.

    Args:
        max_event_bytes: the most an unfinished frame may hold before `feed` raises
            `SSELimitError`.
    """

    def __init__(self, *, max_event_bytes: int = DEFAULT_MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._pending = bytearray()

    def take_pending(self) -> bytes:
        """The unfinished frame at the end of the stream, which is then forgotten."""
        pending = bytes(self._pending)
        self._pending.clear()
        return pending

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; return the whole frames that are complete now, perhaps none."""
        pending = self._pending
        if not pending and chunk.endswith(b"\n\n"):
            return chunk
        searched = len(pending)
        pending += chunk
        end = _last_boundary(pending, start=max(0, searched - 2))
        if len(pending) - end > self._max:
            raise SSELimitError(f"an event is larger than {self._max} bytes")
        if not end:
            return b""
        block = bytes(pending[:end])
        del pending[:end]
        return block


def _last_boundary(data: bytearray, *, start: int) -> int:
    """The end of the last blank line at or after `start`, 0 when there is none.

    A blank line is a line ending straight after a line ending, each of them LF, CR LF
    or CR. An LF that turns up only after a cut at CR starts the next block as an empty
    line, which dispatches nothing.
    """
    end = 0
    for ending in (b"\n\n", b"\n\r\n", b"\n\r", b"\r\r"):
        at = data.rfind(ending, start)
        if at >= 0:
            end = max(end, at + len(ending))
    return end


def frame_start(block: bytes, start: int, position: int) -> int:
    """Where the frame begins that holds `position`; no earlier than `start`, where one does.

    Here and in `frame_end`, what has other line endings than LF counts as one frame:
    `parse_events` tells its events apart.
    """
    before = block.rfind(b"\n\n", start, position)
    return start if before < 0 else before + 2


def frame_end(block: bytes, position: int) -> int:
    """Where the frame ends that holds `position`, its blank line included."""
    at = block.find(b"\n\n", position)
    return len(block) if at < 0 else at + 2


def telling_frames(block: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """Where the frames begin and end in which a pattern is found.

    Nearly all of a stream is content that observers need not read, and a block may hold many
    frames: this finds the others at the cost of one search.
    """
    end = 0
    while match := pattern.search(block, end):
        begin = frame_start(block, end, match.start())
        end = frame_end(block, match.end())
        yield begin, end


def data_payloads(block: bytes) -> list[bytes]:
    """The data of each event in a block; a last frame without its blank line counts too."""
    if block.startswith(b"data: ") and block.find(b"\n") == len(block) - 2 and b"\r" not in block:
        return [block[6:-2]]  # one frame of one line, as nearly all are
    return [event.data for event in parse_events(block + b"\n\n")]


_USUAL_FRAME = re.compile(rb"(?:event: (.+)\n)?data: (.*)\n\n+")


def parse_events(block: bytes) -> list[SSEEvent]:
    """The events in a block of whole frames; comments and unknown fields are skipped."""
    block = block.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in block:
        return _parse_lines(block)
    events: list[SSEEvent] = []
    end = 0
    while frame := _USUAL_FRAME.match(block, end):
        name, data = frame.groups()
        events.append(SSEEvent(data, None if name is None else name.decode("utf-8", "replace")))
        end = frame.end()
    return events if end == len(block) else events + _parse_lines(block[end:])


def _parse_lines(block: bytes) -> list[SSEEvent]:
    events: list[SSEEvent] = []
    data: list[bytes] = []
    event: str | None = None
    last_id: str | None = None
    for line in block.splitlines():
        if not line:
            if data:
                events.append(SSEEvent(b"\n".join(data), event, last_id))
            data, event = [], None
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            event = value.decode("utf-8", "replace") or None
        elif field == b"id" and b"\x00" not in value:
            last_id = value.decode("utf-8", "replace")
    return events


def encode_event(data: bytes, *, event: str | None = None) -> bytes:
    """One frame. `data` must be a single line, as JSON encoders write it."""
    if event is None:
        return b"data: %b\n\n" % data
    return b"event: %b\ndata: %b\n\n" % (event.encode(), data)


def encode_comment(text: str) -> bytes:
    """A frame that every parser skips."""
    return b": %b\n\n" % text.encode()
