"""What a `ScriptedUpstream` answers: replies made of steps, so that every fault can be played."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from itertools import chain, repeat
from typing import Literal, TypeAlias

import msgspec
from attrs import frozen

from lunaroute_core.headers import Headers, find_header
from lunaroute_core.json_value import JSONValue


@frozen
class Send:
    """Write bytes, and wait until the kernel has taken them."""

    data: bytes


@frozen
class Pause:
    """Wait until the test sets the event, or the client leaves."""

    until: asyncio.Event


@frozen
class Sleep:
    """Wait in real time, or until the client leaves."""

    seconds: float


@frozen
class Hang:
    """Say nothing more until the client leaves."""


@frozen
class Close:
    """Close the connection in an orderly way (FIN)."""


@frozen
class Reset:
    """Break the connection (RST); what was sent before still arrives."""


Step: TypeAlias = Send | Pause | Sleep | Hang | Close | Reset
End: TypeAlias = Literal["clean", "cut", "reset", "hang"]
"""How a reply ends: whole, or short of its end by closing, resetting or going silent."""


@frozen
class Reply:
    """Steps played in order; afterwards the connection takes its next request."""

    steps: Sequence[Step]


def raw_reply(data: bytes, *, end: End = "clean") -> Reply:
    """Any bytes at all, status line included."""
    return Reply([Send(data), *_ending(end)])


def json_reply(
    status: int, body: JSONValue | bytes, *, headers: Headers = (), end: End = "clean"
) -> Reply:
    """A whole answer with its length; `bytes` are sent as they are.

    With another `end` than `clean` only half of the promised body is sent.
    """
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    length = ((b"content-length", b"%d" % len(content)),)
    head = _head(status, headers, content_type=b"application/json", framing=length)
    sent = content if end == "clean" else content[: len(content) // 2]
    return raw_reply(head + sent, end=end)


def sse_reply(
    frames: Iterable[bytes | Step],
    *,
    headers: Headers = (),
    chunk_sizes: Sequence[int] | None = None,
    end: End = "clean",
) -> Reply:
    """An event stream in chunked encoding: one chunk a frame, and other steps in between.

    `chunk_sizes` cut the frames anywhere instead, the last size repeating: `[1]` sends
    every byte on its own. With another `end` than `clean` the last chunk is missing.
    """
    framing = ((b"transfer-encoding", b"chunked"),)
    head = _head(200, headers, content_type=b"text/event-stream", framing=framing)
    steps: list[Step] = [Send(head)]
    sizes = None if chunk_sizes is None else chain(chunk_sizes, repeat(chunk_sizes[-1]))
    for frame in frames:
        if isinstance(frame, bytes):
            steps += [Send(b"%x\r\n%b\r\n" % (len(part), part)) for part in _cut(frame, sizes)]
        else:
            steps.append(frame)
    if end == "clean":
        steps.append(Send(b"0\r\n\r\n"))
    return Reply([*steps, *_ending(end)])


def _cut(frame: bytes, sizes: Iterator[int] | None) -> Iterator[bytes]:
    while sizes is not None and frame:
        size = next(sizes)
        yield frame[:size]
        frame = frame[size:]
    if frame:
        yield frame


def _ending(end: End) -> Sequence[Step]:
    match end:
        case "clean":
            return ()
        case "cut":
            return (Close(),)
        case "reset":
            return (Reset(),)
        case "hang":
            return (Hang(),)


def _head(status: int, headers: Headers, *, content_type: bytes, framing: Headers) -> bytes:
    if find_header(headers, b"content-type") is None:
        headers = ((b"content-type", content_type), *headers)
    reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    lines = [f"HTTP/1.1 {status} {reason}".encode()]
    lines += [b"%b: %b" % header for header in (*headers, *framing)]
    return b"\r\n".join(lines) + b"\r\n\r\n"
