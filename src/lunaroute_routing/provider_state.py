"""What is known of how one provider fares."""

from attrs import define

from lunaroute_routing.circuit_breaker import CircuitBreaker
from lunaroute_routing.cooldown import Cooldowns
from lunaroute_routing.health import Health
from lunaroute_routing.latency import PeakEWMA


@define(kw_only=True, eq=False)
class ProviderState:
    """The breaker, health, cool-downs, latencies and load of one provider.

    Attributes:
        in_flight: requests that it is answering now, streams until their end.
        answer_seconds: from asking to a whole answer.
        content_seconds: from asking to the first content of a stream.
    """

    provider: str
    breaker: CircuitBreaker
    health: Health
    cooldowns: Cooldowns
    answer_seconds: PeakEWMA
    content_seconds: PeakEWMA
    in_flight: int = 0

    @property
    def is_calm(self) -> bool:
        """Whether nothing speaks against asking it: a quick look that suffices nearly always."""
        return (
            self.breaker.state == "closed"
            and not self.cooldowns.rests
            and not self.health.failures.recorded
        )
