"""What a Router does, in the log."""

import structlog
from attrs import frozen

from lunaroute_routing import (
    BreakerChanged,
    CooledDown,
    FellBack,
    HealthChanged,
    RoutingEvent,
)

_log = structlog.get_logger("lunaroute.routing")


@frozen
class RoutingLog:
    """A RoutingObserver.

    Logs `provider.breaker_changed` and `provider.cooled_down` as warnings (a breaker that is no
    longer open as information), `provider.health_changed` and `request.fell_back` as
    information. How each request ended is in the request log.
    """

    hears_each: bool = False

    def observe(self, event: RoutingEvent) -> None:
        match event:
            case BreakerChanged(provider=provider, before=before, after=after):
                log = _log.warning if after == "open" else _log.info
                log("provider.breaker_changed", provider=provider, before=before, after=after)
            case HealthChanged(provider=provider, before=before, after=after):
                _log.info("provider.health_changed", provider=provider, before=before, after=after)
            case CooledDown(provider=provider, model=model, seconds=seconds, kind=kind):
                _log.warning(
                    "provider.cooled_down",
                    provider=provider,
                    **({} if model is None else {"model": model}),
                    seconds=round(seconds, 3),
                    reason=kind.value,
                )
            case FellBack():
                _log.info(
                    "request.fell_back",
                    request_id=event.request_id,
                    route=event.route,
                    from_provider=event.from_provider,
                    to_provider=event.to_provider,
                    reason=event.reason,
                )
            case _:
                pass
