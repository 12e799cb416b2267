"""How well a provider has answered lately."""

from collections.abc import Callable

from attrs import define, field

from lunaroute_routing.events import HealthStatus
from lunaroute_routing.settings import HealthSettings
from lunaroute_routing.sliding_count import SlidingCount


@define(eq=False)
class Health:
    """The rate of success in a window of time, by the rules of the original LunaRoute.

    A status also changes as outcomes grow old. That is noticed, and `on_change` is told, when
    the next outcome is recorded or the status is read.

    Attributes:
        settings: thresholds, the window and how many outcomes it takes to judge.
        clock: monotonic time in seconds.
        on_change: is told of each change, before and after.
        failures: in the window.
    """

    settings: HealthSettings
    clock: Callable[[], float]
    on_change: Callable[[HealthStatus, HealthStatus], None] | None = field(
        default=None, kw_only=True
    )
    _successes: SlidingCount = field(init=False)
    failures: SlidingCount = field(init=False)
    _status: HealthStatus = field(default="unknown", init=False)

    def __attrs_post_init__(self) -> None:
        self._successes = SlidingCount(self.settings.window_secs)
        self.failures = SlidingCount(self.settings.window_secs)

    def record(self, success: bool) -> None:  # noqa: FBT001 - one outcome, of two kinds
        now = self.clock()
        if success:
            successes = self._successes.add(now)
            if self.failures.recorded:
                status = self._judge(successes, self.failures.total(now))
            else:
                status = "healthy" if successes >= self.settings.min_requests else "unknown"
        else:
            status = self._judge(self._successes.total(now), self.failures.add(now))
        if status != self._status:
            self._change(status)

    @property
    def status(self) -> HealthStatus:
        now = self.clock()
        status = self._judge(self._successes.total(now), self.failures.total(now))
        if status != self._status:
            self._change(status)
        return status

    @property
    def is_unhealthy(self) -> bool:
        """What `status` says, at less cost while nothing has failed."""
        return bool(self.failures.recorded) and self.status == "unhealthy"

    @property
    def success_rate(self) -> float | None:
        """From 0 to 1; None when nothing was asked within the window."""
        now = self.clock()
        successes = self._successes.total(now)
        outcomes = successes + self.failures.total(now)
        return successes / outcomes if outcomes else None

    def _judge(self, successes: int, failures: int) -> HealthStatus:
        settings, outcomes = self.settings, successes + failures
        if outcomes < settings.min_requests or not outcomes:
            return "unknown"
        if not successes:
            return "unhealthy"
        rate = successes / outcomes
        if rate >= settings.healthy_threshold:
            return "healthy"
        return "unhealthy" if rate < settings.unhealthy_threshold else "degraded"

    def _change(self, after: HealthStatus) -> None:
        before, self._status = self._status, after
        if self.on_change is not None:
            self.on_change(before, after)
