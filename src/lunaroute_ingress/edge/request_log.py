"""One line for each request, when it is done."""

import time

import structlog
from attrs import frozen
from starlette.types import Scope

from lunaroute_ingress.exchange import Exchange

_log = structlog.get_logger("lunaroute.request")
_FACTS = (
    "dialect",
    "model",
    "route",
    "provider",
    "attempts",
    "outcome",
    "error",
    "error_message",
)


@frozen(kw_only=True)
class RequestLog:
    """Logs `request.completed`: method, path, status, duration in milliseconds, and what is
    known of dialect, model, route, provider, attempts, outcome, error and warnings: all that translation dropped
    or emulated, where the header has only the first ones.
    """

    enabled: bool = False

    def done(self, scope: Scope, exchange: Exchange) -> None:
        facts: dict[str, object] = {fact: getattr(exchange, fact) for fact in _FACTS}
        if exchange.warnings:
            facts["warnings"] = [f"{it.outcome} {it.param}" for it in exchange.warnings]
        _log.info(
            "request.completed",
            request_id=exchange.request_id,
            method=scope["method"],
            path=scope["path"],
            status=exchange.status,
            duration_ms=round(1000 * (time.monotonic() - exchange.received_at), 2),
            **{fact: value for fact, value in facts.items() if value is not None},
        )
