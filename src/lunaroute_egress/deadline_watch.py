"""Notices calls whose deadlines have passed."""

import asyncio
from typing import Protocol

from attrs import define, field


class Watched(Protocol):
    def check(self, now: float) -> None:
        """Give up if a deadline has passed; `now` is in the event loop's time."""
        ...


@define(kw_only=True)
class DeadlineWatch:
    """Looks at every open call a few times a second.

    One timer serves them all: most calls are over long before their deadlines, and timers of
    their own would cost each of them more than anything else the gateway does for it.

    Attributes:
        interval: seconds between two looks, and so how late a deadline may be noticed.
    """

    interval: float = 0.25
    _calls: set[Watched] = field(factory=set[Watched], init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)

    def add(self, call: Watched) -> None:
        self._calls.add(call)
        if self._timer is None:
            self._schedule()

    def discard(self, call: Watched) -> None:
        self._calls.discard(call)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.interval, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for call in tuple(self._calls):
            call.check(now)
        self._timer = None
        if self._calls:
            self._schedule()
