"""The circumstances of a request, read from its HTTP side."""

from starlette.types import Scope

from lunaroute_core import RequestContext
from lunaroute_ingress.exchange import Exchange
from lunaroute_ingress.route_choice import route_override, tags_of
from lunaroute_ingress.session_id import session_id_of


def context_of(
    scope: Scope, exchange: Exchange, *, dialect: str, query: bytes = b""
) -> RequestContext:
    """The context of a request whose client speaks `dialect`.

    Args:
        scope: the ASGI scope.
        exchange: the request.
        dialect: its name.
        query: the query string, where it may hold what is for the gateway.

    Raises:
        InvalidRequestError: a header that is for the gateway cannot be understood.
    """
    client, first = scope.get("client"), exchange.first
    context = RequestContext(
        client_dialect=dialect,
        request_id=exchange.request_id,
        received_at=exchange.received_at,
        session_id=session_id_of(first),
        user_agent=exchange.text(b"user-agent"),
        client_address=client[0] if client else None,
        traceparent=exchange.traceparent,
    )
    if b"x-luna-provider" in first:
        context.provider_override = exchange.text(b"x-luna-provider")
    if b"x-luna-tags" in first:
        context.tags = tags_of(exchange.headers)
    if query or b"x-luna-route" in first:
        context.route_override = route_override(exchange, query)
    return context
