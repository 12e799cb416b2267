"""The stream envelope: an answer in flight, owned until it is left.

A stream comes either as wire blocks in some dialect (`wire`) or as normalized events
(`events`); whoever consumes it asks for the view it needs.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Protocol, Self

from attrs import define, field

from lunaroute_core.dialects.codec import AnswerSummary, StreamObserver
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import (
    ErrorDetails,
    ErrorKind,
    UpstreamAnsweredError,
    UpstreamProtocolError,
)
from lunaroute_core.headers import Headers
from lunaroute_core.model import StreamError, StreamEvent, StreamFinish, StreamStart, UsageUpdate
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.model_response import Timings


class BlockSource(Protocol):
    """Where wire blocks come from; it owns the upstream connection."""

    async def read(self) -> bytes:
        """The next block, b"" at the end. Raises ProviderError."""
        ...

    async def aclose(self) -> None:
        """Release the connection, at once if the stream is not at its end."""
        ...


@define(kw_only=True)
class WireStream:
    """The wire view of a stream: `dialect` None means bytes that nobody understands."""

    dialect: str | None
    source: BlockSource
    status: int = 200
    headers: Headers = ()


@define(kw_only=True)
class ModelStream:
    """An answer in flight.

    Use it as an async context manager. Entering waits for the first event, so that an
    upstream that fails before it has said anything raises there, where the caller can
    still answer with a status or ask elsewhere. Leaving, for whatever reason, releases the
    upstream connection.
    """

    provider: str
    model: str
    wire: WireStream | None = None
    events: AsyncGenerator[StreamEvent, None] | None = None
    timings: Timings | None = None
    summary: AnswerSummary = field(factory=AnswerSummary)
    _observer: StreamObserver | None = field(default=None, init=False)
    _first_block: bytes = field(default=b"", init=False)
    _first_event: StreamEvent | None = field(default=None, init=False)
    _primed: bool = field(default=False, init=False)

    async def __aenter__(self) -> Self:
        await self.prime()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self.wire is not None:
            await self.wire.source.aclose()
        if self.events is not None:
            await self.events.aclose()

    async def prime(self) -> None:
        """Wait for the first event; repeated calls do nothing.

        Raises:
            ProviderError: the upstream failed before it; the stream is closed.
        """
        if self._primed:
            return
        self._primed = True
        try:
            if self.wire is None:
                await self._prime_events()
            elif self.wire.dialect is not None:
                await self._prime_wire(self.wire.dialect, self.wire.source)
        except BaseException:
            await self.aclose()
            raise

    async def _prime_wire(self, dialect: str, source: BlockSource) -> None:
        observer = self._observer = dialect_named(dialect).streams.observer()
        self.summary = observer.summary
        first = await source.read()
        self._observe(observer, first)
        while first and not observer.started:
            more = await source.read()
            self._observe(observer, more)
            first = first + more if more else b""
        if not first:
            raise UpstreamProtocolError("the stream ended without an event", provider=self.provider)
        if observer.error is not None:
            raise UpstreamAnsweredError(observer.error, provider=self.provider)
        self._first_block = first

    async def _prime_events(self) -> None:
        if self.events is None:
            raise ValueError("a stream needs wire blocks or events")
        self._first_event = await anext(self.events, None)
        if self._first_event is None:
            raise UpstreamProtocolError("the stream ended without an event", provider=self.provider)
        self._note(self._first_event)

    async def blocks(self, request: ModelRequest) -> AsyncIterator[bytes]:
        """The stream as wire blocks in the dialect of the client that sent `request`.

        Raises:
            ProviderError: the upstream failed, or ended before its terminal event.
        """
        await self.prime()
        dialect = request.context.client_dialect
        if self.wire is not None and self.wire.dialect in (None, dialect):
            relayed = self._relayed(self.wire.source)
        else:
            relayed = self._encoded(dialect, request)
        async for block in relayed:
            yield block

    async def _relayed(self, source: BlockSource) -> AsyncIterator[bytes]:
        observer = self._observer
        if self._first_block:
            yield self._first_block
            self._first_block = b""
        while block := await source.read():
            if observer is not None:
                self._observe(observer, block)
            yield block
        if observer is not None and not observer.finished:
            raise UpstreamProtocolError(
                "the stream ended before its terminal event", provider=self.provider
            )

    async def _encoded(self, dialect: str, request: ModelRequest) -> AsyncIterator[bytes]:
        encoder = dialect_named(dialect).streams.encoder(request=request.normalized)
        async for event in self:
            if frames := encoder.encode(event):
                yield frames

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        """The stream as normalized events."""
        await self.prime()
        if self.events is None or self._first_event is None:
            raise UpstreamProtocolError(
                "the stream cannot be read as normalized events", provider=self.provider
            )
        finished = False
        yield self._first_event
        async for event in self.events:
            self._note(event)
            finished = finished or isinstance(event, StreamFinish)
            yield event
        if not finished:
            raise UpstreamProtocolError(
                "the stream ended before its terminal event", provider=self.provider
            )

    def _observe(self, observer: StreamObserver, block: bytes) -> None:
        try:
            observer.observe(block)
        except ValueError as error:
            raise UpstreamProtocolError(
                f"malformed stream event: {error}", provider=self.provider
            ) from error

    def _note(self, event: StreamEvent) -> None:
        """Keep the summary, and turn an error inside the stream into an exception."""
        match event:
            case StreamStart():
                self.summary.id, self.summary.model = event.id, event.model
                self.summary.usage = event.usage
            case UsageUpdate():
                self.summary.usage = event.usage
            case StreamFinish():
                self.summary.finish_reason = event.finish.reason
            case StreamError():
                raise UpstreamAnsweredError(
                    ErrorDetails(
                        kind=ErrorKind(event.kind),
                        message=event.message,
                        type=event.type,
                        code=event.code,
                        retry_after=event.retry_after,
                    ),
                    provider=self.provider,
                )
            case _:
                pass
