"""Writes a stream to the client and keeps it alive while the upstream is silent."""

import asyncio
from collections.abc import Callable

from attrs import define, field
from starlette.types import Send

from lunaroute_core import Headers


@define(kw_only=True)
class StreamWriter:
    """One streamed answer. `aclose` must be called, whatever happens.

    Attributes:
        keep_alive: makes the frame to send after `keep_alive_seconds` of silence.
    """

    send: Send
    keep_alive: Callable[[], bytes]
    keep_alive_seconds: float | None
    started: bool = field(default=False, init=False)
    ended: bool = field(default=False, init=False)
    _idle_since: float | None = field(default=None, init=False)
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.get_running_loop, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _ping: asyncio.Task[None] | None = field(default=None, init=False)

    async def start(self, status: int, headers: Headers) -> None:
        """Commit the answer; from here on errors are events."""
        self.started = True
        await self.send({"type": "http.response.start", "status": status, "headers": list(headers)})
        if self.keep_alive_seconds is not None:
            self._idle_since = self._loop.time()
            self._timer = self._loop.call_later(self.keep_alive_seconds, self._check)

    async def write(self, block: bytes) -> None:
        self._idle_since = None
        if self._ping is not None:
            await asyncio.wait({self._ping})
        await self.send({"type": "http.response.body", "body": block, "more_body": True})
        self._idle_since = self._loop.time()

    async def end(self) -> None:
        self.ended = True
        self._idle_since = None
        if self._ping is not None:
            await asyncio.wait({self._ping})
        await self.send({"type": "http.response.body", "body": b""})

    async def aclose(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._ping is not None:
            self._ping.cancel()
            await asyncio.wait({self._ping})

    def _check(self) -> None:
        """Send a frame if nothing was sent for long enough; look again when it might be."""
        now = self._loop.time()
        interval = self.keep_alive_seconds or 0.0
        idle = 0.0 if self._idle_since is None else now - self._idle_since
        if idle >= interval - 1e-3:
            idle = 0.0
            # One that a client does not take is not followed by others.
            if self._ping is None or self._ping.done():
                self._ping = self._loop.create_task(self._send_keep_alive())
        self._timer = self._loop.call_at(now + interval - idle, self._check)

    async def _send_keep_alive(self) -> None:
        await self.send(
            {"type": "http.response.body", "body": self.keep_alive(), "more_body": True}
        )
        self._idle_since = self._loop.time()
