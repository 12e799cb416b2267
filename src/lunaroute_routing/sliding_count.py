"""How often something happened lately."""

import math

from attrs import define, field


@define(eq=False)
class SlidingCount:
    """Counts over a window of time that moves on in steps; the cost is the same for any count.

    What is counted is forgotten together with all of its step: never later than after
    `window_secs`, and one step earlier at most.

    Attributes:
        window_secs: the window's length, more than 0.
        steps: into how many equal parts it is divided.
    """

    window_secs: float
    steps: int = 12
    recorded: int = field(default=0, init=False)
    """How many there are, and perhaps some that are too old: `total` tells."""
    _counts: list[int] = field(init=False)
    _step: int = field(default=0, init=False)
    _step_ends: float = field(default=-math.inf, init=False)

    def __attrs_post_init__(self) -> None:
        self._counts = [0] * self.steps

    def add(self, now: float) -> int:
        """Count one more, and return how many there are; `now` never goes back."""
        if now >= self._step_ends:
            self._advance(now)
        self._counts[self._step % self.steps] += 1
        self.recorded += 1
        return self.recorded

    def total(self, now: float) -> int:
        if now >= self._step_ends:
            self._advance(now)
        return self.recorded

    def _advance(self, now: float) -> None:
        width = self.window_secs / self.steps
        before, self._step = self._step, int(now // width)
        for step in range(max(before, self._step - self.steps) + 1, self._step + 1):
            slot = step % self.steps
            self.recorded -= self._counts[slot]
            self._counts[slot] = 0
        self._step_ends = (self._step + 1) * width
