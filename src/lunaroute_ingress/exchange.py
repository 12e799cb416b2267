"""One HTTP request and its answer, as the layers of the ingress know them."""

import time
from typing import Any, cast

from attrs import define, field
from starlette.types import Scope

from lunaroute_core import Headers, new_request_id

_KEY = "lunaroute.exchange"


@define(kw_only=True)
class Exchange:
    """Made by the edge, found in the ASGI scope, filled in on the way, logged at the end.

    Attributes:
        received_at: monotonic time, in seconds.
        traceparent: what to send upstream; None when the client sent none.
        status: of the answer; None until it has begun.
        facts: what the request log adds to the standard fields.
    """

    request_id: str = field(factory=new_request_id)
    received_at: float = field(factory=time.monotonic)
    traceparent: str | None = None
    status: int | None = None
    facts: dict[str, Any] = field(factory=dict[str, Any])

    def attach(self, scope: Scope) -> None:
        scope[_KEY] = self


def exchange_of(scope: Scope) -> Exchange:
    """The exchange of a scope; a new one where no edge is in front."""
    exchange = scope.get(_KEY)
    if exchange is None:
        exchange = Exchange()
        exchange.attach(scope)
    return cast(Exchange, exchange)


def headers_of(scope: Scope) -> Headers:
    """The request's headers, names in lower case, as ASGI has them."""
    return tuple(scope["headers"])
