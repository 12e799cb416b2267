"""The edge: one pure ASGI middleware around all endpoints.

One, because each layer that wraps `send` costs every chunk of every stream. What it does is
in the modules beside it, each about one concept; this is the loop that calls them.
"""

from attrs import define, field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lunaroute_core import ErrorDetails, Headers
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_ingress.answers import Answer, error_answer
from lunaroute_ingress.edge.cors import Cors
from lunaroute_ingress.edge.host_check import HostCheck
from lunaroute_ingress.edge.request_log import RequestLog
from lunaroute_ingress.edge.security_headers import SECURITY_HEADERS
from lunaroute_ingress.edge.trace_context import continued_trace
from lunaroute_ingress.exchange import Exchange
from lunaroute_ingress.route_path import raw_route_path
from lunaroute_ingress.vendor_choice import dialect_of_client


@define
class Edge:
    """Gives each request an id, checks where it comes from, and adds to its answer.

    Attributes:
        app: what answers.
        dialects: to word refusals in; the first for clients nothing is known of.
        host_check: refuses names that are not this gateway's (DNS rebinding).
        cors: which web pages may call.
        log: tells what was done, when it is done.
    """

    app: ASGIApp
    dialects: tuple[Dialect, ...] = field(kw_only=True)
    host_check: HostCheck = field(kw_only=True)
    cors: Cors = field(kw_only=True)
    log: RequestLog = field(kw_only=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers: Headers = tuple(scope["headers"])
        exchange = Exchange(traceparent=continued_trace(headers))
        exchange.attach(scope)
        cors_headers = self.cors.answer_headers(headers)

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                message["headers"] = _completed(message["headers"], exchange, cors_headers)
            await send(message)

        try:
            answer = self._refusal(scope, headers) or self.cors.preflight(scope["method"], headers)
            if answer is not None:
                await answer.send(send_on)
            else:
                await self.app(scope, receive, send_on)
        finally:
            self.log.done(scope, exchange)

    def _refusal(self, scope: Scope, headers: Headers) -> Answer | None:
        error = self.host_check.refusal(headers) or self.cors.refusal(headers)
        return None if error is None else self._in_dialect(error, scope, headers)

    def _in_dialect(self, error: ErrorDetails, scope: Scope, headers: Headers) -> Answer:
        path = raw_route_path(scope)
        dialect = dialect_of_client(path, headers, dialects=self.dialects) or self.dialects[0]
        return error_answer(error, dialect=dialect, scope=scope)


def _completed(
    headers: list[tuple[bytes, bytes]], exchange: Exchange, cors_headers: Headers
) -> list[tuple[bytes, bytes]]:
    """An answer's headers and the edge's own.

    A vendor's `x-request-id` stays, since that is the id its support asks for; the gateway's
    own is always in `x-lunaroute-request-id`.
    """
    request_id = exchange.request_id.encode()
    present = {name for name, _ in headers}
    completed = [*headers, (b"x-lunaroute-request-id", request_id), *cors_headers]
    if b"x-request-id" not in present:
        completed.append((b"x-request-id", request_id))
    completed.extend(pair for pair in SECURITY_HEADERS if pair[0] not in present)
    return completed
