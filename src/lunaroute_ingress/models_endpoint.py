"""`/v1/models` and `/v1/models/{id}`, in the shape of the client's vendor."""

from attrs import define
from starlette.types import Receive, Scope, Send

from lunaroute_core import ModelRequest, Operation, WireRequest
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_ingress.exchange import exchange_of
from lunaroute_ingress.relay import Relay
from lunaroute_ingress.request_context import context_of
from lunaroute_ingress.route_path import raw_route_path
from lunaroute_ingress.vendor_choice import dialect_of_client


@define(kw_only=True)
class ModelsEndpoint:
    """A raw ASGI endpoint; the first of `dialects` is spoken to clients nothing is known of."""

    dialects: tuple[Dialect, ...]
    relay: Relay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        headers = exchange.headers
        dialect = dialect_of_client("", headers, dialects=self.dialects) or self.dialects[0]
        wire = WireRequest(
            dialect=dialect.name,
            path=raw_route_path(scope),
            body=b"",
            method=scope["method"],
            query=scope["query_string"],
            headers=headers,
        )
        request = ModelRequest(
            model=scope.get("path_params", {}).get("model", ""),
            stream=False,
            context=context_of(scope, exchange, dialect=dialect.name),
            wire=wire,
            operation=Operation.LIST_MODELS,
        )
        await self.relay.answer(request, scope, receive, send)
