"""How the providers fare, at one moment: for status pages, metrics and readiness."""

from msgspec import Struct

from lunaroute_routing.events import BreakerState, HealthStatus


class CooldownSnapshot(Struct, frozen=True, kw_only=True):
    """What is left alone, and for how many more seconds; `model` None is the whole account."""

    model: str | None
    seconds: float


class ProviderSnapshot(Struct, frozen=True, kw_only=True):
    """One provider under one set of settings.

    Attributes:
        breaker_secs: seconds until the breaker lets a request through, 0 if it does now;
            None when it was opened by force.
        success_rate: from 0 to 1 within the health's window; None when nothing was asked.
        in_flight: requests that it is answering.
        cooldowns: those that are running.
        answer_seconds, content_seconds: until a whole answer, and until a stream's first
            content, as averages that sink while nothing is asked; 0 before anything was.
    """

    provider: str
    breaker: BreakerState
    breaker_secs: float | None
    health: HealthStatus
    success_rate: float | None
    in_flight: int
    cooldowns: tuple[CooldownSnapshot, ...]
    answer_seconds: float
    content_seconds: float
