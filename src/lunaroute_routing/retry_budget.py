"""How many requests may be asked more than once, so that retries cannot storm an upstream."""

from collections.abc import Callable

from attrs import define, field

from lunaroute_routing.sliding_count import SlidingCount

STEPS = 10


@define(eq=False)
class RetryBudget:
    """Allows retries in proportion to requests, of a window of time that moves on.

    Whenever one is granted, those granted within the last `window_secs`, itself included, are
    no more than `reserve` + `ratio` * the requests of the same time. When every request fails
    the load on an upstream thus grows by the ratio, and not by the number of retries that each
    request could have. From Finagle's `RetryBudget`.

    Attributes:
        ratio: retries for each request.
        clock: monotonic time in seconds.
        reserve: retries in each window without regard to requests, for times of little traffic.
        window_secs: the window's length.
    """

    ratio: float
    clock: Callable[[], float]
    reserve: int = field(default=10, kw_only=True)
    window_secs: float = field(default=10.0, kw_only=True)
    _requests: SlidingCount = field(init=False)
    _retries: SlidingCount = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._requests = SlidingCount(self.window_secs, STEPS)
        # One step more, as the oldest is forgotten before all of it is a window old.
        self._retries = SlidingCount(self.window_secs * (STEPS + 1) / STEPS, STEPS + 1)

    def deposit(self) -> None:
        """Take note of a request."""
        self._requests.add(self.clock())

    def withdraw(self) -> bool:
        """Whether a request may be asked once more; True counts."""
        now = self.clock()
        allowed = self.reserve + self.ratio * self._requests.total(now)
        if self._retries.total(now) + 1 > allowed:
            return False
        self._retries.add(now)
        return True

    @property
    def balance(self) -> int:
        """How many retries would be granted now."""
        now = self.clock()
        allowed = self.reserve + self.ratio * self._requests.total(now)
        return max(int(allowed - self._retries.total(now)), 0)
