"""Waiting for something to come true, with time passed in."""

import time
from collections.abc import Callable

from attrs import frozen

INTERVAL_SECS = 0.05


@frozen(kw_only=True)
class Patience:
    """How long to wait. `clock` and `pause` are the process's own unless a test brings some."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def until(self, condition: Callable[[], bool]) -> bool:
        """Whether `condition` came true in time. It is tried at least once."""
        deadline = self.clock() + self.seconds
        while not condition():
            if self.clock() >= deadline:
                return False
            self.pause(INTERVAL_SECS)
        return True
