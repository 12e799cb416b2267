"""Paths the gateway does not know, forwarded to the vendor whose they are."""

from attrs import define
from starlette.types import Receive, Scope, Send

from lunaroute_core import (
    ErrorDetails,
    ErrorKind,
    ModelRequest,
    Operation,
    RequestError,
    WireRequest,
)
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_ingress.answers import error_answer
from lunaroute_ingress.exchange import exchange_of
from lunaroute_ingress.relay import Relay
from lunaroute_ingress.request_body import ClientGoneError, read_body
from lunaroute_ingress.request_context import context_of
from lunaroute_ingress.route_path import raw_route_path
from lunaroute_ingress.vendor_choice import check_served, dialect_of_client


@define(kw_only=True)
class Bypass:
    """The raw ASGI endpoint behind all routes.

    The vendor follows from headers, key shape and path; a request that shows none of them
    goes to the configured provider, or to the vendor of the first dialect that is served. One
    whose vendor is not served is refused: what was meant for it must not reach another.

    Attributes:
        dialects: those that are served.
        known: those by which clients are told apart.
    """

    dialects: tuple[Dialect, ...]
    known: tuple[Dialect, ...]
    relay: Relay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        headers = exchange.headers
        path = raw_route_path(scope)
        known = dialect_of_client(path, headers, dialects=self.known)
        dialect = known or self.dialects[0]
        try:
            check_served(dialect, served=self.dialects)
            if not self.relay.settings.bypass or (known is None and not path.startswith("/v1/")):
                raise _unknown_path(path)
            context = context_of(scope, exchange, dialect=dialect.name)
            self.relay.in_flight.check()
            body = await read_body(
                receive,
                limit=self.relay.settings.max_body_bytes,
                declared=exchange.first.get(b"content-length"),
            )
        except RequestError as error:
            await error_answer(error.details, dialect=dialect, exchange=exchange).send(send)
            return
        except ClientGoneError:
            exchange.outcome = "client_gone"
            return
        if known is None and context.provider_override is None:
            context.provider_override = self.relay.settings.bypass_provider
        wire = WireRequest(
            dialect=dialect.name,
            path=path,
            body=body,
            method=scope["method"],
            query=scope["query_string"],
            headers=headers,
        )
        request = ModelRequest(
            model="", stream=True, context=context, wire=wire, operation=Operation.FORWARD
        )
        await self.relay.answer(request, exchange, receive, send)


def _unknown_path(path: str) -> RequestError:
    return RequestError(
        ErrorDetails(kind=ErrorKind.NOT_FOUND, message=f"the gateway has no path {path}")
    )
