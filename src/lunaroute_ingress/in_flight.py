"""The requests being answered: how many there may be, and how they are brought to an end."""

import asyncio
from collections.abc import Callable

from attrs import define, field
from msgspec import Struct

from lunaroute_core import ErrorDetails, ErrorKind, RequestError


class ShuttingDownError(RequestError):
    """The gateway stops before this request was answered."""

    def __init__(self) -> None:
        super().__init__(
            ErrorDetails(
                kind=ErrorKind.OVERLOADED, message="the gateway is shutting down", retry_after=1.0
            )
        )


class OverloadedError(RequestError):
    """More requests are being answered than the gateway takes on at a time."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            ErrorDetails(
                kind=ErrorKind.OVERLOADED,
                message=f"the gateway is answering {limit} requests already",
                retry_after=1.0,
            )
        )


class Seat(Struct, eq=False):
    """One request's place; `abort` ends the task that answers it.

    `watch` is called once, when the request has been answered for `InFlight.patience`.
    """

    task: asyncio.Task[object]
    watch: Callable[[], None]
    watched: bool = False
    left: bool = False
    reason: Exception | None = None

    def abort(self, reason: Exception) -> None:
        """Cancel the task; whoever holds the seat turns that into `reason`."""
        if self.reason is None and not self.left:
            self.reason = reason
            self.task.cancel()


@define(kw_only=True)
class InFlight:
    """All seats of a gateway, at most `limit`.

    One timer serves them all, since most requests are answered before a timer of their own
    would have been worth it.

    Attributes:
        patience: seconds, at least so many and at most twice as many, before a seat is
            watched.
    """

    limit: int
    patience: float = 0.25
    _seats: set[Seat] = field(factory=set[Seat], init=False)
    _ended: bool = field(default=False, init=False)
    _drain: asyncio.TimerHandle | None = field(default=None, init=False)
    _tick: asyncio.TimerHandle | None = field(default=None, init=False)
    _old: list[Seat] = field(factory=list[Seat], init=False)

    def __len__(self) -> int:
        return len(self._seats)

    @property
    def draining(self) -> bool:
        """Whether the gateway is being stopped."""
        return self._drain is not None

    def check(self) -> None:
        """Refuse a request before anything is done for it.

        Raises:
            OverloadedError: all seats are taken.
            ShuttingDownError: the drain deadline has passed.
        """
        if self._ended or len(self._seats) >= self.limit:
            raise self._refusal()

    def take(self, watch: Callable[[], None]) -> Seat:
        """A seat for the current task. Raises what `check` does."""
        if self._ended or len(self._seats) >= self.limit:
            raise self._refusal()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("requests are answered in tasks")
        seat = Seat(task, watch)
        self._seats.add(seat)
        if self._tick is None:
            self._schedule()
        return seat

    def leave(self, seat: Seat) -> None:
        seat.left = True
        self._seats.discard(seat)

    def begin_drain(self, *, after: float) -> None:
        """In `after` seconds, end every request that is still being answered, and take no
        more. A later call may bring the moment forward.
        """
        if self._drain is not None:
            self._drain.cancel()
        self._drain = asyncio.get_running_loop().call_later(after, self._end_all)

    def close(self) -> None:
        """Forget everything; from here on it is as new."""
        for timer in (self._drain, self._tick):
            if timer is not None:
                timer.cancel()
        self._drain = self._tick = None
        self._ended = False

    def _refusal(self) -> RequestError:
        return ShuttingDownError() if self._ended else OverloadedError(limit=self.limit)

    def _schedule(self) -> None:
        self._tick = asyncio.get_running_loop().call_later(self.patience, self._watch_old)

    def _watch_old(self) -> None:
        """Watch the seats that were there at the last tick already."""
        for seat in self._old:
            if not seat.left and not seat.watched:
                seat.watched = True
                seat.watch()
        self._old = [seat for seat in self._seats if not seat.watched]
        self._tick = None
        if self._seats:
            self._schedule()

    def _end_all(self) -> None:
        self._ended = True
        for seat in tuple(self._seats):
            seat.abort(ShuttingDownError())
