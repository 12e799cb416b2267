"""Asking no provider that keeps failing, until a probe has shown that it answers again."""

import math
from collections.abc import Callable

from attrs import define, field

from lunaroute_routing.events import BreakerState
from lunaroute_routing.settings import BreakerSettings

PROBE_SECS = 1.0
"""What `opens_in` says while all probes are under way, whose length nobody knows."""


@define(eq=False)
class CircuitBreaker:
    """Closed: everything is let through. Open: nothing is. Half open: a few probes are.

    Whoever is let through gets a ticket, and hands it back with exactly one of `succeeded`,
    `failed` and `cancelled`. A ticket is the number of the breaker's generation, of which each
    change of its state begins a new one: what was begun under an earlier state says nothing of
    the present one and changes nothing.

    With `settings.enabled` False it opens only by force.

    Attributes:
        settings: thresholds and times.
        clock: monotonic time in seconds.
        on_change: is told of each change, before and after.
        state: `open` until the first probe is let through, however long ago its time was up.
    """

    settings: BreakerSettings
    clock: Callable[[], float]
    on_change: Callable[[BreakerState, BreakerState], None] | None = field(
        default=None, kw_only=True
    )
    state: BreakerState = field(default="closed", init=False)
    _generation: int = field(default=0, init=False)
    _failures: int = field(default=0, init=False)
    _successes: int = field(default=0, init=False)
    _probes: int = field(default=0, init=False)
    _open_until: float = field(default=0.0, init=False)

    @property
    def available(self) -> bool:
        """Whether `admit` would let a request through now."""
        if self.state == "closed":
            return True
        if self.state == "open":
            return self.clock() >= self._open_until
        return self._probes < self.settings.half_open_probes

    @property
    def opens_in(self) -> float:
        """Seconds until it lets a request through: 0 if now, infinite when forced open."""
        if self.available:
            return 0.0
        return self._open_until - self.clock() if self.state == "open" else PROBE_SECS

    def admit(self) -> int | None:
        """A ticket, when half open with a probe's place; None when it is not to be asked."""
        if self.state != "closed":
            if not self.available:
                return None
            if self.state == "open":
                self._change("half_open")
            self._probes += 1
        return self._generation

    def succeeded(self, ticket: int) -> None:
        if ticket != self._generation:
            return
        self._failures = 0
        if self.state == "half_open":
            self._probes -= 1
            self._successes += 1
            if self._successes >= self.settings.success_threshold:
                self._change("closed")

    def failed(self, ticket: int) -> None:
        if ticket != self._generation:
            return
        self._failures += 1
        if self.state == "half_open" or self._has_enough():
            self._open(self.clock() + self.settings.timeout_secs)

    def cancelled(self, ticket: int) -> None:
        """It was not seen whether the provider would have answered: counts for nothing."""
        if ticket == self._generation and self.state == "half_open":
            self._probes -= 1

    def force_open(self) -> None:
        """Let nothing through until `force_close`."""
        self._open(math.inf)

    def force_close(self) -> None:
        """Let everything through, and count failures from none."""
        self._failures = 0
        if self.state != "closed":
            self._change("closed")

    def _has_enough(self) -> bool:
        settings = self.settings
        return self._failures >= settings.failure_threshold and settings.enabled is not False

    def _open(self, until: float) -> None:
        self._open_until = until
        if self.state != "open":
            self._change("open")

    def _change(self, after: BreakerState) -> None:
        before, self.state = self.state, after
        self._generation += 1
        self._failures = self._successes = self._probes = 0
        if self.on_change is not None:
            self.on_change(before, after)
