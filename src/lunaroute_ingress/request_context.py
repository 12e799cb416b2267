"""The circumstances of a request, read from its HTTP side."""

from starlette.types import Scope

from lunaroute_core import Headers, RequestContext
from lunaroute_core.headers import find_header
from lunaroute_ingress.exchange import exchange_of
from lunaroute_ingress.session_id import session_id_of


def context_of(scope: Scope, headers: Headers, *, dialect: str) -> RequestContext:
    """The context of a request whose client speaks `dialect`."""
    exchange = exchange_of(scope)
    client = scope.get("client")
    return RequestContext(
        client_dialect=dialect,
        request_id=exchange.request_id,
        received_at=exchange.received_at,
        session_id=session_id_of(headers),
        user_agent=find_header(headers, b"user-agent"),
        client_address=client[0] if client else None,
        traceparent=exchange.traceparent,
        provider_override=find_header(headers, b"x-luna-provider"),
    )
