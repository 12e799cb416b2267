"""A client connection for load: one request at a time, as little work as possible."""

import asyncio
import re
from collections.abc import Callable
from typing import cast

from attrs import define, field

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED_END = b"\r\n0\r\n\r\n"


class LoadError(Exception):
    """An answer was not what a benchmark can count."""


def post(body: bytes, path: str = "/v1/chat/completions") -> bytes:
    """The bytes of a request, as an OpenAI SDK would send it."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer sk-benchmark\r\n"
        f"content-type: application/json\r\naccept: application/json\r\n"
        f"user-agent: OpenAI/Python 2.0.0\r\nx-stainless-lang: python\r\n"
        f"x-stainless-async: true\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@define(eq=False)
class Connection(asyncio.Protocol):
    """An open connection. `on_data` is given what arrives, as it arrives."""

    on_data: Callable[[bytes], None] | None = None
    _received: bytearray = field(factory=bytearray, init=False)
    _answer: asyncio.Future[None] | None = field(default=None, init=False)
    _transport: asyncio.Transport | None = field(default=None, init=False)
    _needed: int = field(default=0, init=False)
    """Length of the whole answer once that is known; -1 for a chunked one."""

    @classmethod
    async def open(cls, port: int, on_data: Callable[[bytes], None] | None = None) -> "Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: cls(on_data), "127.0.0.1", port)
        return connection

    async def request(self, payload: bytes) -> bytes:
        """Send a request and return its whole answer: head and body as they came.

        Raises:
            LoadError: the answer's status is not 200, or the connection was lost.
        """
        if self._transport is None:
            raise LoadError("the connection is closed")
        self._received.clear()
        self._needed = 0
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(payload)
        await self._answer
        answer = bytes(self._received)
        if answer[9:12] != b"200":
            raise LoadError(f"the answer is {answer[:2000]!r}")
        return answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LoadError(f"connection lost: {exc or 'closed'}"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self.on_data is not None:
            self.on_data(data)
        if not self._needed:
            self._needed = self._length()
        if self._needed == -1:
            complete = self._received.endswith(_CHUNKED_END)
        else:
            complete = 0 < self._needed <= len(self._received)
        if complete and self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def _length(self) -> int:
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return 0
        length = _CONTENT_LENGTH.search(self._received, 0, head_end + 2)
        return head_end + 4 + int(length[1]) if length else -1


def body_of(answer: bytes) -> bytes:
    """The body of an answer, without the framing of its chunks."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return body
    content = bytearray()
    while body:
        size, _, body = body.partition(b"\r\n")
        content += body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]
    return bytes(content)
