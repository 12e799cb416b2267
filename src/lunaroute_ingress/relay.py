"""The relay: one way through the ingress for every dialect, streamed or not."""

from contextlib import aclosing
from traceback import format_exception

import structlog
from attrs import define
from msgspec import Struct
from starlette.types import Receive, Send

from lunaroute_core import (
    ErrorDetails,
    ErrorKind,
    ModelRequest,
    ModelStream,
    Operation,
    Provider,
    ProviderError,
    RequestError,
)
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_ingress.answers import Answer, error_answer
from lunaroute_ingress.client_watch import ClientWatch
from lunaroute_ingress.exchange import Exchange
from lunaroute_ingress.in_flight import InFlight
from lunaroute_ingress.outcome_headers import outcome_headers
from lunaroute_ingress.request_body import ClientGoneError
from lunaroute_ingress.settings import IngressSettings
from lunaroute_ingress.stream_writer import StreamWriter

_log = structlog.get_logger("lunaroute.ingress")


@define(kw_only=True)
class Relay:
    """Hands a request to the provider and its answer to the client."""

    provider: Provider
    in_flight: InFlight
    settings: IngressSettings

    async def answer(
        self, request: ModelRequest, exchange: Exchange, receive: Receive, send: Send
    ) -> None:
        """Answer one request, whole or streamed, in whatever way it ends."""
        exchange.dialect, exchange.model = request.context.client_dialect, request.model
        exchange.warnings = request.context.warnings
        call = _Call(request=request, exchange=exchange, send=send)
        watch = ClientWatch(receive=receive, in_flight=self.in_flight)
        try:
            if request.stream:
                await self._stream(call, watch)
            else:
                await self._send(call, watch)
        except ClientGoneError:
            exchange.outcome = "client_gone"
        finally:
            context = request.context
            exchange.route, exchange.attempts = context.route, context.attempts

    async def _send(self, call: "_Call", watch: ClientWatch) -> None:
        try:
            async with watch:
                response = await self.provider.send(call.request)
                wire = response.wire_for(call.request)
        except ClientGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - every failure is answered
            await call.failure(error).send(call.send)
            return
        call.exchange.outcome, call.exchange.provider = "completed", response.provider
        headers = outcome_headers(call.request, response, call.exchange)
        await Answer(wire.status, (*wire.headers, *headers), wire.body).send(call.send)

    async def _stream(self, call: "_Call", watch: ClientWatch) -> None:
        writer = StreamWriter(
            send=call.send,
            keep_alive=call.keep_alive,
            keep_alive_seconds=self.settings.keep_alive_seconds if call.is_understood else None,
        )
        stream: ModelStream | None = None
        try:
            async with watch:
                stream = await self.provider.stream(call.request)
                async with stream:
                    await call.relay(stream, writer)
        except ClientGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - every failure is answered
            await call.end_failed(error, stream, writer)
        else:
            call.exchange.outcome, call.exchange.provider = "completed", stream.provider
        finally:
            await writer.aclose()


class _Call(Struct, kw_only=True):
    """One request on its way to its answer."""

    request: ModelRequest
    exchange: Exchange
    send: Send

    @property
    def dialect(self) -> Dialect:
        return dialect_named(self.request.context.client_dialect)

    @property
    def is_understood(self) -> bool:
        """Whether the answer is in a dialect, so that frames may be added to it."""
        return self.request.operation is not Operation.FORWARD

    def keep_alive(self) -> bytes:
        return self.dialect.streams.keep_alive(started=True)

    async def relay(self, stream: ModelStream, writer: StreamWriter) -> None:
        headers = outcome_headers(self.request, stream, self.exchange)
        wire = stream.wire
        if wire is not None and wire.dialect in (None, self.dialect.name):
            await writer.start(wire.status, (*wire.headers, *headers))
        else:
            await writer.start(200, (*_EVENT_STREAM, *headers))
        async with aclosing(stream.blocks(self.request)) as blocks:
            async for block in blocks:
                await writer.write(block)
        await writer.end()

    async def end_failed(
        self, error: Exception, stream: ModelStream | None, writer: StreamWriter
    ) -> None:
        """Say what went wrong: as an answer while there is none, else as the last event."""
        if writer.ended:
            return  # all of it was written: what came after that changes nothing for the client
        answer = self.failure(error)
        if not writer.started:
            await answer.send(self.send)
        elif not self.is_understood:
            raise error  # the server then cuts the connection: all that shows it is not whole
        else:
            event = self.dialect.errors.encode_event(
                _details(error),
                request_id=self.request.context.request_id,
                answer=stream.summary if stream is not None else AnswerSummary(),
                position=stream.position if stream is not None else 0,
            )
            await writer.write(event)
            await writer.end()

    def failure(self, error: Exception) -> Answer:
        """The answer that tells the client what went wrong.

        An upstream's own words reach a client of the same dialect byte for byte.
        """
        details = _details(error)
        exchange = self.exchange
        if details is _CRASHED:
            # As text: who has not set up the log may have one that shows all local variables.
            trace = "".join(format_exception(error))
            _log.error("request.crashed", request_id=exchange.request_id, exception=trace)
        exchange.outcome, exchange.error = "failed", details.kind.value
        exchange.error_message = details.message
        if not isinstance(error, ProviderError):
            return error_answer(details, dialect=self.dialect, exchange=exchange)
        exchange.provider = error.provider
        headers = outcome_headers(self.request, error, exchange)
        if error.wire is not None and error.wire.dialect == self.dialect.name:
            wire = error.wire
            return Answer(wire.status, (*wire.headers, *headers), wire.body)
        answer = error_answer(details, dialect=self.dialect, exchange=exchange)
        return Answer(answer.status, (*answer.headers, *headers), answer.body)


_EVENT_STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
)


_CRASHED = ErrorDetails(kind=ErrorKind.SERVER, message="internal error of the gateway")


def _details(error: Exception) -> ErrorDetails:
    return error.details if isinstance(error, RequestError | ProviderError) else _CRASHED
