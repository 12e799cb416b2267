"""One call to an upstream: its connection, its deadlines, its body."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import aiohttp
from msgspec import Struct

from lunaroute_core.content_encoding import Decoder
from lunaroute_core.deadlines import Deadlines
from lunaroute_core.errors import UpstreamProtocolError, UpstreamTimeoutError
from lunaroute_egress.deadline_watch import DeadlineWatch
from lunaroute_egress.failures import CLIENT_FAILURES, before_answer, within_answer


class _ExpiredError(Exception):
    """A deadline passed while the body was being read."""


class UpstreamCall(Struct, kw_only=True, eq=False):
    """Opens a call, reads the answer's body piece by piece, and owns the connection.

    Attributes:
        decoder: undoes the body's content encoding; None leaves the bytes as they are.
    """

    provider: str
    deadlines: Deadlines
    watch: DeadlineWatch
    decoder: Decoder | None = None
    _clock: Callable[[], float] = time.monotonic
    _started: float = 0.0
    _opening: asyncio.Task[object] | None = None
    _response: aiohttp.ClientResponse | None = None
    _waiting_since: float = math.inf
    _expired: tuple[str, float] | None = None

    async def open(self, answer: Awaitable[aiohttp.ClientResponse]) -> aiohttp.ClientResponse:
        """Wait for the answer's status line and headers. Raises ProviderError."""
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._started = loop.time()
        task = self._opening = asyncio.current_task(loop)
        self.watch.add(self)
        try:
            self._response = await answer
        except asyncio.CancelledError:
            self.watch.discard(self)
            if self._expired is None or task is None:
                raise
            task.uncancel()
            raise self._timed_out() from None
        except CLIENT_FAILURES as error:
            self.watch.discard(self)
            raise before_answer(error, provider=self.provider, deadlines=self.deadlines) from error
        except BaseException:
            self.watch.discard(self)
            raise
        self._opening = None
        return self._response

    async def read(self) -> bytes:
        """The next bytes, b"" at the end. Raises ProviderError."""
        content = self.response.content
        while True:
            self._waiting_since = self._clock()
            try:
                chunk = await content.readany()
                if self.decoder is not None:
                    if not chunk:
                        self.decoder.finish()
                    elif not (chunk := self.decoder.feed(chunk)):
                        continue
            except _ExpiredError:
                raise self._timed_out() from None
            except CLIENT_FAILURES as error:
                raise within_answer(error, provider=self.provider) from error
            self._waiting_since = math.inf
            return chunk

    async def read_all(self, *, limit: int) -> bytes:
        """The whole body. Raises ProviderError, also when it is larger than `limit` bytes."""
        content = self.response.content
        pieces: list[bytes] = []
        size = 0
        while piece := await self.read():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise UpstreamProtocolError(
                    f"the answer is larger than {limit} bytes", provider=self.provider
                )
            if content.at_eof() and self.decoder is None:
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def aclose(self) -> None:
        """As `close`, for those who await the end of any source of bytes."""
        self.close()

    def close(self) -> None:
        """Give the connection back, or close it when the answer is not at its end."""
        self.watch.discard(self)
        if self._response is not None and not self._response.closed:
            self._response.close()

    @property
    def response(self) -> aiohttp.ClientResponse:
        if self._response is None:
            raise RuntimeError("the call has not been opened")
        return self._response

    def check(self, now: float) -> None:
        """Give up if a deadline has passed; `now` is in the event loop's time."""
        deadlines = self.deadlines
        if deadlines.total is not None and now - self._started >= deadlines.total:
            self._expire("total", deadlines.total)
        elif self._response is None:
            if deadlines.first_byte is not None and now - self._started >= deadlines.first_byte:
                self._expire("first_byte", deadlines.first_byte)
        elif _is_torn(self._response):
            self._response.content.set_exception(aiohttp.ClientPayloadError("malformed framing"))
        elif deadlines.idle is not None and now - self._waiting_since >= deadlines.idle:
            self._expire("idle", deadlines.idle)

    def _expire(self, phase: str, seconds: float) -> None:
        self.watch.discard(self)
        self._expired = phase, seconds
        if self._response is not None:
            self._response.content.set_exception(_ExpiredError())
        elif self._opening is not None:
            self._opening.cancel()

    def _timed_out(self) -> UpstreamTimeoutError:
        phase, seconds = self._expired or ("idle", 0.0)
        return UpstreamTimeoutError(phase=phase, seconds=seconds, provider=self.provider)


def _is_torn(response: aiohttp.ClientResponse) -> bool:
    """Whether the connection is gone and the reader of its body was not told.

    aiohttp 3.14 does that when a chunk's length cannot be read: it closes the connection,
    and the body neither ends nor fails.
    """
    connection, content = response.connection, response.content
    return (
        connection is not None
        and connection.transport is None
        and content.exception() is None
        and not content.is_eof()
    )
