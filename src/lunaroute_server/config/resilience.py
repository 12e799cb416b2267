"""What is done about failures, as it is written in `routing`, in a rule and in a provider.

Null is what the next level out says: a rule goes before the provider it leads to, the provider
before `routing`, and `routing` before the defaults.
"""

from typing import Annotated, Protocol

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
Milliseconds = Annotated[float, Meta(ge=0)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Ratio = Annotated[float, Meta(ge=0)]


class CircuitBreakerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The circuit breaker, which leaves a provider alone that fails again and again."""

    enabled: bool | None = None
    """Whether it is consulted. Null everywhere: where a rule has another target to go to."""
    failure_threshold: Count | None = None
    """Failures in a row that open it; 5 unless set."""
    success_threshold: Count | None = None
    """Successes in a row, of probes, that close it; 2 unless set."""
    timeout_secs: Seconds | None = None
    """How long it stays open before it lets probes through; 60 unless set."""
    half_open_probes: Count | None = None
    """Probes that may be under way at one time; 1 unless set."""


class HealthConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rate of success, by which unhealthy providers are asked last."""

    healthy_threshold: Rate | None = None
    """From this rate on a provider is healthy; 0.95 unless set."""
    unhealthy_threshold: Rate | None = None
    """Below this rate it is unhealthy, between the two degraded; 0.75 unless set."""
    window_secs: Seconds | None = None
    """How far back outcomes count; 60 unless set."""
    min_requests: Count | None = None
    """With fewer outcomes in that time it is unknown; 10 unless set."""


class CooldownConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a provider is left alone that says it has had enough."""

    enabled: bool | None = None
    """Whether it is. Null everywhere: where a rule has another target to go to."""
    default_secs: Seconds | None = None
    """The first cool-down where the vendor does not say how long, each further one in a row
    being twice as long; 60 unless set."""
    max_secs: Seconds | None = None
    """The longest that is not the vendor's own word; 3600 unless set."""


class RetryConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Asking the same target again. Clients do that themselves, and retries multiply."""

    max_retries: Annotated[int, Meta(ge=0)] | None = None
    """Retries of one request on one target; 0 unless set."""
    base_ms: Milliseconds | None = None
    """The wait before retry n is drawn from 0 to this times 2^(n-1); 100 unless set."""
    max_ms: Milliseconds | None = None
    """The longest wait; an upstream that asks for a longer one is not asked again. 5000 unless
    set."""
    budget_ratio: Ratio | None = None
    """Retries there may be for each request, over all requests, beside the first few; 0.2
    unless set."""


class TimeoutsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deadlines. Null everywhere: the provider's `http_client` has them."""

    connect_secs: Seconds | None = None
    """To get a connection."""
    first_content_secs: Seconds | None = None
    """From asking a target for a stream to the first content of its answer."""
    idle_secs: Seconds | None = None
    """Between two pieces of an answer."""
    total_secs: Seconds | None = None
    """The whole request, all attempts and a stream's last byte included. Of several targets the
    first one's counts."""


class HedgeConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Asking a second target while the first is slow. The slower of the two is cancelled. Of
    several targets it is the first whose settings count.
    """

    enabled: bool | None = None
    """Whether that is done; false unless set."""
    after_ms: Milliseconds | None = None
    """How long the first may take until its first content; 5000 unless set."""
    max_extra_ratio: Ratio | None = None
    """Second questions there may be for each request, over all requests; 0.05 unless set."""


class Resilience(Protocol):
    """A section that has all of these: `routing`, a rule, an alias, a provider."""

    @property
    def circuit_breaker(self) -> CircuitBreakerConfig: ...
    @property
    def health(self) -> HealthConfig: ...
    @property
    def cooldown(self) -> CooldownConfig: ...
    @property
    def retry(self) -> RetryConfig: ...
    @property
    def timeouts(self) -> TimeoutsConfig: ...
    @property
    def hedge(self) -> HedgeConfig: ...
