"""A clock that moves only when a test says so."""

import asyncio

from attrs import define, field


@define(kw_only=True)
class FakeClock:
    """Time in seconds, for whatever takes a `clock` and a `sleep`.

    Call the object to read the time; `advance` moves it and wakes the sleepers whose time
    has come. With `autojump` a sleep moves the clock itself, so that one task's waiting
    costs nothing.

    Attributes:
        now: the time.
        slept: the lengths of all sleeps, in the order in which they began.
    """

    now: float = 0.0
    autojump: bool = False
    slept: list[float] = field(factory=list[float], init=False)
    _sleepers: list[tuple[float, asyncio.Event]] = field(
        factory=list[tuple[float, asyncio.Event]], init=False
    )

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self.now]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self.now]
        for _, wake in due:
            wake.set()

    async def sleep(self, seconds: float) -> None:
        """Stands in for `asyncio.sleep`; like it, lets others run even for no time at all."""
        self.slept.append(seconds)
        if self.autojump:
            self.advance(seconds)
        if seconds <= 0 or self.autojump:
            await asyncio.sleep(0)
            return
        wake = asyncio.Event()
        self._sleepers.append((self.now + seconds, wake))
        await wake.wait()
