"""What a Router is told about failures: when to rest a provider, ask again, or give up.

All times are in seconds but those whose names end in `_ms`. The defaults of breaker and
health are the original LunaRoute's.
"""

from msgspec import Struct


class BreakerSettings(Struct, frozen=True, kw_only=True):
    """The circuit breaker.

    `enabled` None: it is consulted where a route has another target to go to; with a single
    one it could only put an error of the gateway in the place of the vendor's.
    """

    enabled: bool | None = None
    failure_threshold: int = 5
    """Failures in a row that open it."""
    success_threshold: int = 2
    """Successes in a row, of probes, that close it."""
    timeout_secs: float = 60.0
    """How long it stays open before it lets probes through."""
    half_open_probes: int = 1
    """Probes that may be under way at one time."""


class HealthSettings(Struct, frozen=True, kw_only=True):
    """The windowed rate of success."""

    healthy_threshold: float = 0.95
    """From this rate of success on a provider is healthy."""
    unhealthy_threshold: float = 0.75
    """Below this rate it is unhealthy; between the two it is degraded."""
    window_secs: float = 60.0
    """How far back outcomes count."""
    min_requests: int = 10
    """With fewer outcomes in the window it is unknown."""


class CooldownSettings(Struct, frozen=True, kw_only=True):
    """How long a provider is left alone that says it has had enough.

    `enabled` None: as with the breaker.
    """

    enabled: bool | None = None
    default_secs: float = 60.0
    """The first cool-down where the vendor does not say how long; each further one in a row is
    twice as long."""
    max_secs: float = 3600.0
    """The longest cool-down that is not the vendor's own word."""


class RetrySettings(Struct, frozen=True, kw_only=True):
    """Asking the same deployment again.

    By default that is left to the clients, who all do it: retries of retries multiply.
    """

    max_retries: int = 0
    """Retries of one request on one deployment."""
    base_ms: float = 100.0
    """The wait before retry n is drawn evenly from 0 to `base_ms` times 2^(n-1)…"""
    max_ms: float = 5000.0
    """…but no more than this; an upstream that asks for a longer wait is not asked again."""
    budget_ratio: float = 0.2
    """Retries there may be for each request, over all requests, beside the first few: what
    keeps them from storming an upstream that is down."""


class TimeoutSettings(Struct, frozen=True, kw_only=True):
    """Deadlines; None leaves them to the provider."""

    connect_secs: float | None = None
    """To get a connection."""
    first_content_secs: float | None = None
    """From asking a deployment for a stream to the first content of its answer."""
    idle_secs: float | None = None
    """Between two pieces of an answer."""
    total_secs: float | None = None
    """The whole request, all attempts included, and a stream's last byte where the provider keeps
    to a request's deadlines, as connectors do."""


class HedgeSettings(Struct, frozen=True, kw_only=True):
    """Asking a second deployment while the first is slow."""

    enabled: bool = False
    after_ms: float = 5000.0
    """How long the first may take until its first content."""
    max_extra_ratio: float = 0.05
    """Second questions there may be for each request, over all requests."""


class RoutingSettings(Struct, frozen=True, kw_only=True):
    """All of them."""

    breaker: BreakerSettings = BreakerSettings()
    health: HealthSettings = HealthSettings()
    cooldown: CooldownSettings = CooldownSettings()
    retry: RetrySettings = RetrySettings()
    timeouts: TimeoutSettings = TimeoutSettings()
    hedge: HedgeSettings = HedgeSettings()
    commit_after_secs: float = 10.0
    """How long a stream that has begun, but has no content yet, is held back while another
    target could still serve the request."""
