"""The circumstances of a request, read from its HTTP side."""

from starlette.types import Scope

from lunaroute_core import RequestContext
from lunaroute_ingress.exchange import Exchange
from lunaroute_ingress.session_id import session_id_of


def context_of(scope: Scope, exchange: Exchange, *, dialect: str) -> RequestContext:
    """The context of a request whose client speaks `dialect`."""
    client = scope.get("client")
    return RequestContext(
        client_dialect=dialect,
        request_id=exchange.request_id,
        received_at=exchange.received_at,
        session_id=session_id_of(exchange.first),
        user_agent=exchange.text(b"user-agent"),
        client_address=client[0] if client else None,
        traceparent=exchange.traceparent,
        provider_override=exchange.text(b"x-luna-provider"),
    )
