"""`/v1/models` and `/v1/models/{id}`, in the shape of the client's vendor."""

from attrs import define
from starlette.types import Receive, Scope, Send

from lunaroute_core import ModelRequest, Operation, RequestError, WireRequest
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_ingress.answers import error_answer
from lunaroute_ingress.exchange import exchange_of
from lunaroute_ingress.relay import Relay
from lunaroute_ingress.request_context import context_of
from lunaroute_ingress.route_path import raw_route_path
from lunaroute_ingress.vendor_choice import check_served, dialect_of_client


@define(kw_only=True)
class ModelsEndpoint:
    """A raw ASGI endpoint; the first of `dialects` is spoken to clients nothing is known of.

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
        dialect = dialect_of_client("", headers, dialects=self.known) or self.dialects[0]
        try:
            check_served(dialect, served=self.dialects)
            context = context_of(scope, exchange, dialect=dialect.name)
        except RequestError as error:
            await error_answer(error.details, dialect=dialect, exchange=exchange).send(send)
            return
        wire = WireRequest(
            dialect=dialect.name,
            path=raw_route_path(scope),
            body=b"",
            method="GET",  # HEAD is answered by the server leaving the body out
            query=scope["query_string"],
            headers=headers,
        )
        request = ModelRequest(
            model=scope.get("path_params", {}).get("model", ""),
            stream=False,
            context=context,
            wire=wire,
            operation=Operation.LIST_MODELS,
        )
        await self.relay.answer(request, exchange, receive, send)
