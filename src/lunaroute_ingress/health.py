"""`/healthz` and `/readyz`."""

import msgspec
from attrs import frozen
from starlette.types import Receive, Scope, Send

from lunaroute_ingress.answers import json_answer
from lunaroute_ingress.in_flight import InFlight


@frozen
class Liveness:
    """Answers as long as the process runs."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await json_answer(200, b'{"status":"ok"}').send(send)


@frozen(kw_only=True)
class Readiness:
    """Answers 200 while requests are taken on, 503 once the gateway is being stopped."""

    in_flight: InFlight
    providers: tuple[str, ...]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        draining = self.in_flight.draining
        body = {
            "status": "not_ready" if draining else "ready",
            "reason": "shutting down" if draining else None,
            "providers": [{"name": name} for name in self.providers],
        }
        await json_answer(503 if draining else 200, msgspec.json.encode(body)).send(send)
