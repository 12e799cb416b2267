"""`/healthz` and `/readyz`."""

from collections.abc import Callable, Sequence

import msgspec
from attrs import frozen
from msgspec import UNSET, Struct, UnsetType
from starlette.types import Receive, Scope, Send

from lunaroute_ingress.answers import json_answer
from lunaroute_ingress.in_flight import InFlight


class ProviderStatus(Struct, frozen=True, kw_only=True):
    """How a provider fares, as far as it is watched.

    Attributes:
        status: `unknown`, `healthy`, `degraded` or `unhealthy`.
        success_rate: from 0 to 1; None when nothing was asked of it lately.
        breaker: `closed`, `open` or `half_open`.
    """

    name: str
    status: str | UnsetType = UNSET
    success_rate: float | UnsetType | None = UNSET
    breaker: str | UnsetType = UNSET


@frozen
class Liveness:
    """Answers as long as the process runs."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await json_answer(200, b'{"status":"ok"}').send(send)


@frozen(kw_only=True)
class Readiness:
    """Answers 200 while requests are taken on, 503 once the gateway is being stopped."""

    in_flight: InFlight
    providers: Callable[[], Sequence[ProviderStatus]]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        draining = self.in_flight.draining
        body = {
            "status": "not_ready" if draining else "ready",
            "reason": "shutting down" if draining else None,
            "providers": self.providers(),
        }
        await json_answer(503 if draining else 200, msgspec.json.encode(body)).send(send)
