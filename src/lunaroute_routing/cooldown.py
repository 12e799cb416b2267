"""Leaving a provider alone that says it has had enough."""

import math
from collections.abc import Callable

from attrs import define, field

from lunaroute_core.retry_after import MAX_RETRY_AFTER
from lunaroute_routing.settings import CooldownSettings

MAX_MODELS = 1_000
"""Models that are remembered: their names are the clients'. Those that are free again, or will
be first, make way."""
QUIET_FACTOR = 10
"""After as many times `max_secs` without another cool-down the next one counts as the first."""


@define
class _Rest:
    began: float
    ends: float
    in_a_row: int


@define(eq=False)
class Cooldowns:
    """The cool-downs of one provider: of its models, and of the whole account (model None).

    Where the vendor does not say how long, each cool-down is twice as long as the one before,
    until an attempt that was begun after it has succeeded. Only an attempt begun after the
    last cool-down had ended says that it was too short: those that were under way when it
    began fail all at once, and count as one.

    Attributes:
        settings: how long; with `enabled` False nothing is ever cooled down.
        clock: monotonic time in seconds.
        rests: by model; those that are remembered, also of cool-downs that are over.
    """

    settings: CooldownSettings
    clock: Callable[[], float]
    rests: dict[str | None, _Rest] = field(factory=dict[str | None, _Rest], init=False)
    _last_end: float = field(default=-math.inf, init=False)

    def remaining(self, model: str) -> float:
        """Seconds for which the model is to be left alone, by itself or with the account."""
        rests = self.rests
        if not rests:
            return 0.0
        now = self.clock()
        if now >= self._last_end:
            return 0.0
        left = 0.0
        for scope in (model, None):
            rest = rests.get(scope)
            if rest is not None and rest.ends - now > left:
                left = rest.ends - now
        return left

    def cool(self, model: str | None, seconds: float | None, *, started: float) -> float:
        """Leave a model alone, or with None the account.

        A cool-down that is running is never made shorter.

        Args:
            model: the name the provider was asked for.
            seconds: the vendor's word, 0 for none at all; None when there is none.
            started: when the attempt that failed was begun, on the clock.

        Returns:
            For how many seconds it is left alone from now on.
        """
        now = self.clock()
        rest = self._known(model, now)
        running = max(rest.ends - now, 0.0) if rest is not None else 0.0
        if self.settings.enabled is False or (seconds is not None and seconds <= 0):
            return running
        if seconds is None and running and rest is not None and started <= rest.began:
            return running
        in_a_row = rest.in_a_row if rest is not None else 0
        if rest is None or started >= rest.ends:
            in_a_row += 1
        wanted = self._delay(in_a_row) if seconds is None else min(seconds, MAX_RETRY_AFTER)
        return self._rest(model, max(wanted, running), in_a_row=in_a_row)

    def extend(self, model: str | None, seconds: float) -> None:
        """Leave it alone for at least as long, as somebody else has found out."""
        now = self.clock()
        rest = self._known(model, now)
        left = min(seconds, MAX_RETRY_AFTER)
        if self.settings.enabled is False or left <= (rest.ends - now if rest else 0.0):
            return
        self._rest(model, left, in_a_row=rest.in_a_row if rest else 1)

    def succeeded(self, model: str, *, started: float) -> None:
        """Take note of an answer to an attempt begun at `started`: it may end the escalation."""
        if not self.rests:
            return
        for scope in (model, None):
            rest = self.rests.get(scope)
            if rest is not None and started >= rest.ends:
                del self.rests[scope]

    def entries(self) -> dict[str | None, float]:
        """What is left alone now, and for how many more seconds."""
        now = self.clock()
        return {model: rest.ends - now for model, rest in self.rests.items() if rest.ends > now}

    def _known(self, model: str | None, now: float) -> _Rest | None:
        rest = self.rests.get(model)
        if rest is None or now - rest.ends < QUIET_FACTOR * self.settings.max_secs:
            return rest
        del self.rests[model]
        return None

    def _delay(self, in_a_row: int) -> float:
        # A power beyond every cap: a float has room for no more than 1,023.
        longer = self.settings.default_secs * 2.0 ** min(in_a_row - 1, 100)
        return min(longer, self.settings.max_secs)

    def _rest(self, model: str | None, seconds: float, *, in_a_row: int) -> float:
        now = self.clock()
        if model is not None and model not in self.rests:
            self._make_room()
        self.rests[model] = _Rest(began=now, ends=now + seconds, in_a_row=in_a_row)
        self._last_end = max(self._last_end, now + seconds)
        return seconds

    def _make_room(self) -> None:
        models = [model for model in self.rests if model is not None]
        if len(models) >= MAX_MODELS:
            del self.rests[min(models, key=lambda model: self.rests[model].ends)]
