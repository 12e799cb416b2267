"""What happens in a Router, for metrics, logs and tests."""

from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from lunaroute_core import ErrorKind
from lunaroute_core.model import Usage

BreakerState = Literal["closed", "open", "half_open"]
HealthStatus = Literal["unknown", "healthy", "degraded", "unhealthy"]
AttemptOutcome = Literal["completed", "failed", "cancelled", "lost"]
"""`lost`: another deployment that was asked at the same time was faster."""
RequestOutcome = Literal["completed", "failed", "cancelled"]


class AttemptEnded(Struct, frozen=True, kw_only=True, tag=True):
    """One deployment was asked and is done; a stream with its last byte.

    `cost_usd` is what it cost as far as that is known: for a lost attempt its input, estimated,
    and what it had written; None when it has no price, and for one that failed.
    """

    request_id: str
    route: str
    provider: str
    model: str
    outcome: AttemptOutcome
    seconds: float
    error: ErrorKind | None = None
    usage: Usage | None = None
    cost_usd: float | None = None


class FellBack(Struct, frozen=True, kw_only=True, tag=True):
    """Another provider is asked than the one that was meant.

    `from_provider` was asked first, or passed over. `reason` is the kind of error that it
    answered, `rate_limit` where it is cooling down, or the state for which it was not asked:
    `circuit_breaker` or `unhealthy`.
    """

    request_id: str
    route: str
    from_provider: str
    to_provider: str
    reason: str


class BreakerChanged(Struct, frozen=True, kw_only=True, tag=True):
    provider: str
    before: BreakerState
    after: BreakerState


class HealthChanged(Struct, frozen=True, kw_only=True, tag=True):
    provider: str
    before: HealthStatus
    after: HealthStatus


class CooledDown(Struct, frozen=True, kw_only=True, tag=True):
    """A provider is left alone for `seconds`, with `model` None with all its models."""

    provider: str
    model: str | None
    seconds: float
    kind: ErrorKind


class RequestEnded(Struct, frozen=True, kw_only=True, tag=True):
    """Exactly one for each request that was routed."""

    request_id: str
    route: str
    provider: str | None
    outcome: RequestOutcome
    attempts: int
    error: ErrorKind | None = None


RoutingEvent: TypeAlias = (
    AttemptEnded | FellBack | BreakerChanged | HealthChanged | CooledDown | RequestEnded
)


class RoutingObserver(Protocol):
    """Is told what happens, at once and in order. It must not raise, and not wait.

    `hears_each` says whether it is told of each attempt and request too (`AttemptEnded`,
    `RequestEnded`), and not only of what changes or goes wrong.
    """

    @property
    def hears_each(self) -> bool: ...

    def observe(self, event: RoutingEvent) -> None: ...
