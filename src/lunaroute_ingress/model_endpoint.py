"""The endpoints that take a request to a model."""

from attrs import define
from starlette.types import Receive, Scope, Send

from lunaroute_core import (
    ModelRequest,
    Operation,
    RequestError,
    WireRequest,
)
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_ingress.answers import error_answer
from lunaroute_ingress.exchange import Exchange, exchange_of
from lunaroute_ingress.relay import Relay
from lunaroute_ingress.request_body import ClientGoneError, decoded_body, read_body
from lunaroute_ingress.request_context import context_of
from lunaroute_ingress.route_choice import upstream_query


@define(kw_only=True)
class ModelEndpoint:
    """A raw ASGI endpoint for one dialect and one operation.

    `path` is the vendor's own path, where the request goes whatever alias it came by.
    """

    dialect: Dialect
    path: str
    relay: Relay
    operation: Operation = Operation.GENERATE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        limit = self.relay.settings.max_body_bytes
        declared = exchange.first.get(b"content-length")
        try:
            self.relay.in_flight.check()
            body = await read_body(receive, limit=limit, declared=declared)
            request = self._request(body, scope, exchange)
        except RequestError as error:
            answer = error_answer(error.details, dialect=self.dialect, exchange=exchange)
            await answer.send(send)
        except ClientGoneError:
            exchange.outcome = "client_gone"
        else:
            await self.relay.answer(request, exchange, receive, send)

    def _request(self, body: bytes, scope: Scope, exchange: Exchange) -> ModelRequest:
        headers = exchange.headers
        if b"content-encoding" in exchange.first:
            limit = self.relay.settings.max_body_bytes
            body, headers = decoded_body(body, headers, limit=limit)
        peek = self.dialect.requests.peek(body)
        query: bytes = scope["query_string"]
        wire = WireRequest(
            dialect=self.dialect.name,
            path=self.path,
            body=body,
            query=upstream_query(query) if query else query,
            headers=headers,
        )
        return ModelRequest(
            model=peek.model,
            stream=peek.stream and self.operation is Operation.GENERATE,
            context=context_of(scope, exchange, dialect=self.dialect.name, query=query),
            wire=wire,
            operation=self.operation,
            limits=self.relay.settings.limits,
        )
