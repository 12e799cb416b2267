"""Notices that a client has gone away, and ends the work that was done for it."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from attrs import define, field
from starlette.types import Receive

from lunaroute_ingress.in_flight import InFlight, Seat
from lunaroute_ingress.request_body import ClientGoneError


@define(kw_only=True)
class ClientWatch:
    """Holds a request's seat while it is answered and watches the client meanwhile.

    Entered after the request's body has been read. When the client goes away, or the seat is
    aborted for another reason, the task is cancelled and leaving raises that reason
    (`ClientGoneError`) instead of `CancelledError`.

    A task for each request would cost more than most answers take, so watching begins only
    after `patience` seconds.
    """

    receive: Receive
    in_flight: InFlight
    patience: float
    _seat: Seat | None = field(default=None, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _watcher: asyncio.Task[None] | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        self._seat = self.in_flight.take()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.patience, self._begin, loop, self._seat)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        seat = self._seat
        if seat is None or self._timer is None:
            return
        self.in_flight.leave(seat)
        self._timer.cancel()
        if seat.reason is not None:
            await _absorb_cancellation(seat, delivered=isinstance(exc, asyncio.CancelledError))
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
        if seat.reason is not None:
            raise seat.reason from None

    def _begin(self, loop: asyncio.AbstractEventLoop, seat: Seat) -> None:
        self._watcher = loop.create_task(self._watch(seat))

    async def _watch(self, seat: Seat) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        seat.abort(ClientGoneError())


async def _absorb_cancellation(seat: Seat, *, delivered: bool) -> None:
    """Make the task as if it had not been cancelled by its seat."""
    if not delivered:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
    seat.task.uncancel()
