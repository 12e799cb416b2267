"""The stream envelope: an answer in flight, owned until it is left.

A stream comes either as wire bytes in some dialect (`wire`) or as normalized events
(`events`); whoever consumes it asks for the view it needs.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from functools import partial
from types import TracebackType
from typing import Protocol, Self

from attrs import define, field

from lunaroute_core.answer_stages import AnswerStage, staged_events
from lunaroute_core.dialects.codec import (
    AnswerSummary,
    StreamEncoder,
    StreamObserver,
)
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import (
    ProviderError,
    UpstreamAnsweredError,
    UpstreamProtocolError,
)
from lunaroute_core.headers import Headers
from lunaroute_core.model import (
    ArgumentsDelta,
    ReasoningDelta,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamStart,
    TextDelta,
    UsageUpdate,
)
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.model_response import Timings
from lunaroute_core.sse import SSEFramer


class ByteSource(Protocol):
    """Where a wire stream's bytes come from; it owns the upstream connection."""

    async def read(self) -> bytes:
        """The next bytes, cut anywhere, b"" at the end. Raises ProviderError."""
        ...

    async def aclose(self) -> None:
        """Release the connection, at once if the stream is not at its end."""
        ...


@define(kw_only=True)
class WireStream:
    """The wire view of a stream: `dialect` None means bytes that nobody understands."""

    dialect: str | None
    source: ByteSource
    status: int = 200
    headers: Headers = ()


@define(kw_only=True)
class ModelStream:
    """An answer in flight.

    Use it as an async context manager. Entering waits for the first event, so that an
    upstream that fails before it has said anything raises there, where the caller can
    still answer with a status or ask elsewhere. Leaving, for whatever reason, releases the
    upstream connection.

    Attributes:
        wire: the bytes; beside `events` only their source's headers are of interest.
        events: the events, where there are no bytes, or they are not to be read.
        stages: what is done to the events before anybody sees them; None for wire bytes that
            may go to a client of their dialect as they are. Whoever hands the stream on may add
            to them before it is entered.
        before_finish: awaited before the event that finishes the answer is given away.
    """

    provider: str
    model: str
    wire: WireStream | None = None
    events: AsyncGenerator[StreamEvent, None] | None = None
    timings: Timings | None = None
    stages: Sequence[AnswerStage] | None = None
    before_finish: Callable[[], Awaitable[None]] | None = None
    summary: AnswerSummary = field(factory=AnswerSummary)
    _observer: StreamObserver | None = field(default=None, init=False)
    _encoder: StreamEncoder | None = field(default=None, init=False)
    _framer: SSEFramer = field(factory=SSEFramer, init=False)
    _first_block: bytes = field(default=b"", init=False)
    _batches: AsyncGenerator[list[StreamEvent], None] | None = field(default=None, init=False)
    _first_batch: list[StreamEvent] = field(factory=list[StreamEvent], init=False)
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
        if self._batches is not None:
            await self._batches.aclose()
        if self.events is not None:
            await self.events.aclose()
        if self.wire is not None:
            await self.wire.source.aclose()

    @property
    def position(self) -> int:
        """The number of the next event, where the wire dialect numbers its events."""
        counting = self._encoder or self._observer
        return counting.position if counting is not None else 0

    async def prime(self) -> None:
        """Wait for the first event; repeated calls do nothing.

        Raises:
            ProviderError: the upstream failed before it; the stream is closed.
        """
        if self._primed:
            return
        self._primed = True
        try:
            if self.events is None and self.wire is not None and self.wire.dialect is not None:
                await self._prime_wire(self.wire.dialect, self.wire.source)
            if self.events is not None or self.wire is None or self.stages is not None:
                await self._prime_events()
        except BaseException:
            await self.aclose()
            raise

    async def _prime_wire(self, dialect: str, source: ByteSource) -> None:
        observer = self._observer = dialect_named(dialect).streams.observer()
        self.summary = observer.summary
        first = b""
        while not observer.started:
            chunk = await source.read()
            if not chunk:
                raise self._broken("the stream ended without an event")
            try:
                block = self._framer.feed(chunk)
                observer.observe(block)
            except ValueError as error:
                raise self._broken(f"malformed stream event: {error}") from error
            first += block
        # An error after the answer has begun is part of it, in however many pieces they came.
        if observer.error is not None and observer.summary.id is None:
            raise UpstreamAnsweredError(observer.error, provider=self.provider)
        self._first_block = first

    async def _prime_events(self) -> None:
        self._batches = self._read_batches()
        self._first_batch = await anext(self._batches)

    def blocks(self, request: ModelRequest) -> AsyncGenerator[bytes, None]:
        """The stream as blocks of whole frames in the dialect of the client that sent
        `request`; bytes that nobody understands come as they are.

        The stream must have been entered.

        Raises:
            ProviderError: the upstream failed, or ended before its terminal event.
        """
        dialect = request.context.client_dialect
        if self._batches is None and self.wire is not None:
            if self._observer is None:
                return self._forwarded(self.wire.source)
            if self.wire.dialect == dialect:
                return self._relayed(self.wire.source, self._observer)
        return self._encoded(dialect, request)

    async def _forwarded(self, source: ByteSource) -> AsyncGenerator[bytes, None]:
        while chunk := await source.read():
            yield chunk

    async def _relayed(
        self, source: ByteSource, observer: StreamObserver
    ) -> AsyncGenerator[bytes, None]:
        yield self._first_block
        feed, observe, read = self._framer.feed, observer.observe, source.read
        try:
            while chunk := await read():
                if block := feed(chunk):
                    observe(block)
                    yield block
        except ValueError as error:
            raise self._broken(f"malformed stream event: {error}") from error
        except ProviderError:
            # What breaks after the terminal event has no meaning for the client any more.
            if not observer.finished:
                raise
        if tail := self._last_frame(observer):
            yield tail
        if not observer.finished:
            raise self._broken("server error: the stream ended before its terminal event")

    def _last_frame(self, observer: StreamObserver) -> bytes:
        """A last frame without its blank line: part of the answer only if it completes it,
        since half a frame could not be followed by an error event.
        """
        tail = self._framer.take_pending()
        with suppress(ValueError):
            observer.observe(tail)
        return tail if observer.finished else b""

    def _broken(self, reason: str) -> UpstreamProtocolError:
        return UpstreamProtocolError(reason, provider=self.provider)

    async def _encoded(self, dialect: str, request: ModelRequest) -> AsyncGenerator[bytes, None]:
        encoder = dialect_named(dialect).streams.encoder(request=request.normalized)
        self._encoder = encoder
        encode = encoder.encode
        async with aclosing(self._all_batches()) as batches:
            async for batch in batches:
                if frames := b"".join([encode(event) for event in batch]):
                    yield frames

    async def __aiter__(self) -> AsyncGenerator[StreamEvent, None]:
        """The stream as normalized events."""
        await self.prime()
        async with aclosing(self._all_batches()) as batches:
            async for batch in batches:
                for event in batch:
                    yield event

    async def _all_batches(self) -> AsyncGenerator[list[StreamEvent], None]:
        if self._batches is None:
            self._batches = self._read_batches()
        yield self._first_batch
        async for batch in self._batches:
            yield batch

    async def _read_batches(self) -> AsyncGenerator[list[StreamEvent], None]:
        """The events after the stages, together what came together.

        Raises:
            ProviderError: the upstream failed, or ended before its terminal event; what came
                before that has been given.
        """
        finished = False
        async with aclosing(self._sources()) as sources:
            async for source in sources:
                batch: list[StreamEvent] = []
                problem: ProviderError | None = None
                try:
                    for event in self._staged(source):
                        self._note(event)
                        batch.append(event)
                except ProviderError as error:
                    problem = error
                if any(isinstance(event, StreamFinish) for event in batch):
                    finished = True
                    if self.before_finish is not None:
                        await self.before_finish()
                if batch:
                    yield batch
                if problem is not None:
                    raise problem
                if batch and isinstance(batch[-1], StreamEnd):
                    return
        if not finished:
            raise self._broken("server error: the stream ended before its terminal event")

    async def _sources(self) -> AsyncGenerator[Callable[[], list[StreamEvent]], None]:
        """What gives the events, a batch each."""
        if self.events is not None:
            async for event in self.events:
                yield partial(list[StreamEvent], (event,))
            return
        if self.wire is None:
            raise ValueError("a stream needs wire bytes or events")
        if self.wire.dialect is None or self._observer is None:
            raise self._broken("the stream cannot be read as normalized events")
        decoder = dialect_named(self.wire.dialect).streams.decoder()
        async with aclosing(self._relayed(self.wire.source, self._observer)) as blocks:
            async for block in blocks:
                yield partial(decoder.decode, block)
        yield decoder.end

    def _staged(self, source: Callable[[], list[StreamEvent]]) -> Iterator[StreamEvent]:
        """The events of a source, after the stages."""
        try:
            events = source()
        except ValueError as error:
            raise self._broken(f"malformed stream event: {error}") from error
        if not self.stages:
            yield from events
            return
        try:
            for event in events:
                for changed in staged_events(event, self.stages):
                    yield changed
                    # The upstream may have sent more in the same bytes.
                    if isinstance(changed, StreamEnd):
                        return
        except ValueError as error:
            raise self._broken(str(error)) from error

    def _note(self, event: StreamEvent) -> None:
        """Keep the summary, and turn an error inside the stream into an exception."""
        match event:
            case TextDelta() | ArgumentsDelta() | ReasoningDelta():
                pass
            case StreamStart():
                self.summary.id, self.summary.model = event.id, event.model
                self.summary.usage = event.usage
            case UsageUpdate():
                self.summary.usage = event.usage.merged_over(self.summary.usage)
            case StreamFinish():
                self.summary.finish_reason = event.finish.reason
            case StreamError():
                raise UpstreamAnsweredError(event.details, provider=self.provider)
            case _:
                pass
