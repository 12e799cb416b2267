"""One line for each request, when it is done."""

import time

import structlog
from attrs import frozen
from starlette.types import Scope

from lunaroute_ingress.exchange import Exchange

_log = structlog.get_logger("lunaroute.request")


@frozen(kw_only=True)
class RequestLog:
    """Logs `request.completed` with method, path, status, duration in milliseconds, and what
    the endpoint noted: dialect, model, provider, outcome, error.
    """

    enabled: bool = False

    def done(self, scope: Scope, exchange: Exchange) -> None:
        if not self.enabled:
            return
        _log.info(
            "request.completed",
            request_id=exchange.request_id,
            method=scope["method"],
            path=scope["path"],
            status=exchange.status,
            duration_ms=round(1000 * (time.monotonic() - exchange.received_at), 2),
            **exchange.facts,
        )
