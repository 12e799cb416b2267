"""The body of an upstream's answer, read under deadlines."""

import asyncio
import math

import aiohttp
from attrs import define, field

from lunaroute_core.content_encoding import Decoder
from lunaroute_core.errors import UpstreamProtocolError, UpstreamTimeoutError
from lunaroute_egress.deadlines import Deadlines
from lunaroute_egress.failures import CLIENT_FAILURES, within_answer


class _ExpiredError(Exception):
    """A deadline passed; `args` are its name and its length in seconds."""


@define(kw_only=True)
class UpstreamBody:
    """Reads a body piece by piece and owns the connection until it is closed.

    One timer serves the whole body: it is moved only when it fires, so that a piece costs
    no more than noting the time.

    Attributes:
        started: when the call began, in the event loop's time.
        decoder: undoes the content encoding; None leaves the bytes as they are.
    """

    response: aiohttp.ClientResponse
    provider: str
    deadlines: Deadlines
    started: float
    decoder: Decoder | None = None
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.get_running_loop, init=False)
    _waiting_since: float = field(default=math.inf, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._schedule()

    async def read(self) -> bytes:
        """The next bytes, b"" at the end. Raises ProviderError."""
        while True:
            self._waiting_since = self._loop.time()
            try:
                chunk = await self.response.content.readany()
                if chunk and self.decoder is not None:
                    chunk = self.decoder.feed(chunk)
                    if not chunk:
                        continue
            except _ExpiredError as error:
                phase, seconds = error.args
                raise UpstreamTimeoutError(
                    phase=phase, seconds=seconds, provider=self.provider
                ) from None
            except CLIENT_FAILURES as error:
                raise within_answer(error, provider=self.provider) from error
            self._waiting_since = math.inf
            return chunk

    async def read_all(self, *, limit: int) -> bytes:
        """The whole body. Raises ProviderError, also when it is larger than `limit` bytes."""
        body = await self.read()
        more = await self.read() if body else b""
        if not more:
            return body
        pieces = [body, more]
        size = len(body) + len(more)
        while more:
            more = await self.read()
            pieces.append(more)
            size += len(more)
            if size > limit:
                raise UpstreamProtocolError(
                    f"the answer is larger than {limit} bytes", provider=self.provider
                )
        return b"".join(pieces)

    async def aclose(self) -> None:
        """Give the connection back, or close it when the answer is not at its end."""
        if self._timer is not None:
            self._timer.cancel()
        self.response.close()

    def _next_deadline(self) -> tuple[float, str, float]:
        """When the earliest deadline passes (loop time), which one it is, and its length."""
        total, idle = self.deadlines.total, self.deadlines.idle
        earliest = (math.inf, "", 0.0)
        if total is not None:
            earliest = (self.started + total, "total", total)
        if idle is not None:
            earliest = min(earliest, (self._waiting_since + idle, "idle", idle))
        return earliest

    def _schedule(self) -> None:
        idle = self.deadlines.idle
        latest = math.inf if idle is None else self._loop.time() + idle
        at = min(self._next_deadline()[0], latest)
        if at < math.inf:
            self._timer = self._loop.call_at(at, self._check)

    def _check(self) -> None:
        at, phase, seconds = self._next_deadline()
        if at <= self._loop.time() + 1e-3:
            self.response.content.set_exception(_ExpiredError(phase, seconds))
        else:
            self._schedule()
