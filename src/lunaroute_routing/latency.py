"""How long a provider takes."""

import math
from collections.abc import Callable

from attrs import define, field


@define(eq=False)
class PeakEWMA:
    """An average of times that believes bad news at once and good news slowly.

    From Finagle's load balancer `p2cPeakEwma`: a time longer than the average takes its place,
    a shorter one moves it, by more the longer ago the last one was. Left alone it sinks towards
    0, so that a provider that was slow once is tried again.

    Attributes:
        clock: monotonic time in seconds.
        decay_secs: after as long as this, about a third of the average is left.
    """

    clock: Callable[[], float]
    decay_secs: float = 10.0
    _average: float = field(default=0.0, init=False)
    _observed_at: float = field(default=0.0, init=False)

    def observe(self, seconds: float) -> None:
        now = self.clock()
        if seconds >= self._average:
            self._average = seconds
        else:
            left = math.exp((self._observed_at - now) / self.decay_secs)
            self._average = seconds + (self._average - seconds) * left
        self._observed_at = now

    @property
    def value(self) -> float:
        """Seconds; 0 before anything was observed."""
        if not self._average:
            return 0.0
        return self._average * math.exp((self._observed_at - self.clock()) / self.decay_secs)
