"""How long to wait before a worker that ended by itself is started again."""

from attrs import define

FIRST_SECS = 0.5
MOST_SECS = 30.0
HEALTHY_SECS = 60.0
"""A worker that has lived so long begins with the shortest delay again."""


@define
class RestartDelays:
    """Doubling delays for one worker."""

    _failures: int = 0

    def after(self, lived_secs: float) -> float:
        """Seconds to wait after a worker that lived so long."""
        if lived_secs >= HEALTHY_SECS:
            self._failures = 0
        delay = min(FIRST_SECS * 2.0**self._failures, MOST_SECS)
        self._failures += 1
        return delay
