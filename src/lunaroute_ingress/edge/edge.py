"""The edge: one pure ASGI middleware around all endpoints.

One, because each layer that wraps `send` costs every chunk of every stream. What it does is
in the modules beside it, each about one concept; this is the loop that calls them.
"""

from collections.abc import Awaitable

from attrs import define, field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lunaroute_core import ErrorDetails, Headers
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_ingress.answers import Answer, error_answer
from lunaroute_ingress.edge.cors import Cors, is_preflight, preflight_answer
from lunaroute_ingress.edge.date_header import DateHeader
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
        date: for answers that bring none of their own.
    """

    app: ASGIApp
    dialects: tuple[Dialect, ...] = field(kw_only=True)
    host_check: HostCheck = field(kw_only=True)
    cors: Cors = field(kw_only=True)
    log: RequestLog = field(kw_only=True)
    date: DateHeader = field(factory=DateHeader, kw_only=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange.begin(scope)
        first = exchange.first
        if b"traceparent" in first:
            exchange.traceparent = continued_trace(first[b"traceparent"])
        origin = exchange.text(b"origin") if b"origin" in first else None
        # Only what a browser can open as a page needs protection as one, and pages of other
        # origins cannot POST here.
        added = () if scope["method"] == "POST" else SECURITY_HEADERS
        if origin is not None:
            added += self.cors.answer_headers(origin)

        def send_on(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                message["headers"] = self._completed(message["headers"], exchange, added)
            return send(message)

        try:
            error = self.host_check.refusal(first.get(b"host", b""))
            if error is None and origin is not None:
                error = self.cors.refusal(origin)
            if error is not None:
                await self._in_dialect(error, scope, exchange).send(send_on)
            elif origin is not None and is_preflight(scope["method"], first):
                await preflight_answer(first).send(send_on)
            else:
                await self.app(scope, receive, send_on)
        finally:
            if self.log.enabled:
                self.log.done(scope, exchange)

    def _in_dialect(self, error: ErrorDetails, scope: Scope, exchange: Exchange) -> Answer:
        path = raw_route_path(scope)
        known = dialect_of_client(path, exchange.headers, dialects=self.dialects)
        dialect = known or self.dialects[0]
        return error_answer(error, dialect=dialect, exchange=exchange)

    def _completed(
        self, headers: list[tuple[bytes, bytes]], exchange: Exchange, added: Headers
    ) -> list[tuple[bytes, bytes]]:
        """An answer's headers and the edge's own, where the answer has none of that name.

        A vendor's `x-request-id` stays, since that is the id its support asks for; the
        gateway's own is in `x-lunaroute-request-id` then.
        """
        present = dict(headers)
        taken = b"x-request-id" in present
        name = b"x-lunaroute-request-id" if taken else b"x-request-id"
        completed = [*headers, (name, exchange.request_id.encode())]
        if b"date" not in present:
            completed.append((b"date", self.date.value()))
        if added:
            completed.extend(pair for pair in added if pair[0] not in present)
        return completed
