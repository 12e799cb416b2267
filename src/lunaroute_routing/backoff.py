"""How long to wait before asking the same deployment again."""

from collections.abc import Callable

from attrs import frozen

from lunaroute_routing.settings import RetrySettings


@frozen
class Backoff:
    """Exponential back-off with full jitter.

    Clients that failed together would come back together, were the wait not drawn from all of
    the time up to its limit: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Attributes:
        settings: the first and the longest limit.
        random: draws from [0, 1), like `random.random`.
    """

    settings: RetrySettings
    random: Callable[[], float]

    def delay(self, retry: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait before a retry; None where the upstream asks for too long a wait.

        Args:
            retry: 1 for the first.
            retry_after: for how many seconds the upstream asks, at the least; the drawn time
                comes on top, for it says the same to all.
        """
        longest = self.settings.max_ms / 1000
        asked = retry_after or 0.0
        if asked > longest:
            return None
        # A power beyond every cap: a float has room for no more than 1,023.
        limit = self.settings.base_ms / 1000 * 2.0 ** min(retry - 1, 100)
        return min(asked + self.random() * min(limit, longest), longest)
