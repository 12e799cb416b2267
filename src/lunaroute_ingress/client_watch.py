"""Notices that a client has gone away, and ends the work that was done for it."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from msgspec import Struct
from starlette.types import Receive

from lunaroute_ingress.in_flight import InFlight, Seat
from lunaroute_ingress.request_body import ClientGoneError


class ClientWatch(Struct, kw_only=True, eq=False):
    """Holds a request's seat while it is answered and watches the client meanwhile.

    Entered after the request's body has been read. When the client goes away, or the seat is
    aborted for another reason, the task is cancelled and leaving raises that reason
    (`ClientGoneError`) instead of `CancelledError`.

    A task for each request would cost more than most answers take, so watching begins only
    when the answer has taken a while.
    """

    receive: Receive
    in_flight: InFlight
    _seat: Seat | None = None
    _watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._seat = self.in_flight.take(self._begin)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        seat, self._seat = self._seat, None  # else each would keep the other alive
        if seat is None:
            return
        self.in_flight.leave(seat)
        if seat.reason is not None:
            await _absorb_cancellation(seat, delivered=isinstance(exc, asyncio.CancelledError))
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
        if seat.reason is not None:
            raise seat.reason from None

    def _begin(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        if self._seat is not None:
            self._seat.abort(ClientGoneError())


async def _absorb_cancellation(seat: Seat, *, delivered: bool) -> None:
    """Make the task as if it had not been cancelled by its seat."""
    if not delivered:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
    seat.task.uncancel()
