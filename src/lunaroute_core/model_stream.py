"""The stream envelope: an answer in flight, owned until it is left.

A stream comes either as wire bytes in some dialect (`wire`) or as normalized events
(`events`); whoever consumes it asks for the view it needs.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from functools import partial
from types import TracebackType
from typing import Literal, Self, TypeAlias

from attrs import define, field

from lunaroute_core.answer_stages import AnswerStage, staged_events
from lunaroute_core.dialects.codec import AnswerSummary, StreamEncoder
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import (
    ErrorDetails,
    ProviderError,
    UpstreamAnsweredError,
    UpstreamProtocolError,
)
from lunaroute_core.finish_warning import warn_of_unsaid_finish
from lunaroute_core.first_content import FirstContent, carries_content
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
from lunaroute_core.pending_read import PendingRead
from lunaroute_core.wire_blocks import WireBlocks
from lunaroute_core.wire_stream import ByteSource, WireStream

StreamOutcome: TypeAlias = Literal["completed", "failed", "abandoned"]
"""How a stream ended: whole; in an error; or left by its reader while there was more to come."""


@define(kw_only=True)
class ModelStream:
    """An answer in flight.

    Use it as an async context manager. Entering waits for the first event, so that an
    upstream that fails before it has said anything raises there, where the caller can
    still answer with a status or ask elsewhere; `hold` waits longer. Leaving, for whatever
    reason, releases the upstream connection.

    Attributes:
        wire: the bytes; beside `events` only their source's headers are of interest.
        events: the events, where there are no bytes, or they are not to be read.
        stages: what is done to the events before anybody sees them; None for wire bytes that
            may go to a client of their dialect as they are. Whoever hands the stream on may add
            to them before it is entered.
        before_finish: awaited before the event that finishes the answer is given away.
        first_content: when the upstream began to say something; whoever wants that by a
            certain time says so there before the stream is entered.
        on_end: called once, when the stream is closed; they must not raise.
        outcome: how it ended; None until it is closed.
        failure: what it failed with. That is the upstream's fault if it is a ProviderError.
    """

    provider: str
    model: str
    wire: WireStream | None = None
    events: AsyncGenerator[StreamEvent, None] | None = None
    timings: Timings | None = None
    stages: Sequence[AnswerStage] | None = None
    before_finish: Callable[[], Awaitable[None]] | None = None
    summary: AnswerSummary = field(factory=AnswerSummary)
    first_content: FirstContent = field(factory=FirstContent)
    on_end: list[Callable[["ModelStream"], None]] = field(
        factory=list[Callable[["ModelStream"], None]]
    )
    outcome: StreamOutcome | None = field(default=None, init=False)
    failure: Exception | None = field(default=None, init=False)
    _blocks: WireBlocks | None = field(default=None, init=False)
    _encoder: StreamEncoder | None = field(default=None, init=False)
    _batches: AsyncGenerator[list[StreamEvent], None] | None = field(default=None, init=False)
    _kept: list[StreamEvent] = field(factory=list[StreamEvent], init=False)
    _pending: PendingRead[list[StreamEvent]] = field(
        factory=PendingRead[list[StreamEvent]], init=False
    )
    _finished: bool = field(default=False, init=False)
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
        try:
            await self._release()
        finally:
            if self.outcome is None:
                self._conclude()

    async def _release(self) -> None:
        """All of it, whatever goes wrong on the way."""
        try:
            await self._pending.aclose()
        finally:
            try:
                if self._batches is not None:
                    await self._batches.aclose()
                if self.events is not None:
                    await self.events.aclose()
            finally:
                await self._release_source()

    async def _release_source(self) -> None:
        if self._blocks is not None:
            await self._blocks.aclose()
        elif self.wire is not None:
            await self.wire.source.aclose()

    def _conclude(self) -> None:
        finished = self._finished
        if self._blocks is not None:
            observer = self._blocks.observer
            finished = finished or observer.finished
            self._note_failure(self._blocks.failure)
            if observer.error is not None:
                self._note_failure(self._answered(observer.error))
        if self.failure is not None:
            self.outcome = "failed"
        else:
            self.outcome = "completed" if finished else "abandoned"
        for tell in self.on_end:
            tell(self)

    def _note_failure(self, error: BaseException | None) -> None:
        """Being cancelled is none."""
        if self.failure is None and isinstance(error, Exception):
            self.failure = error

    @contextmanager
    def _failures_noted(self) -> Generator[None]:
        try:
            yield
        except BaseException as error:
            self._note_failure(error)
            raise

    @property
    def has_content(self) -> bool:
        """Whether the upstream has begun to say something."""
        return self.first_content.at is not None

    @property
    def position(self) -> int:
        """The number of the next event, where the wire dialect numbers its events."""
        observer = None if self._blocks is None else self._blocks.observer
        counting = self._encoder or observer
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
            await self._prime()
        except BaseException as error:
            self._note_failure(error)
            await self.aclose()
            raise

    async def _prime(self) -> None:
        if self.events is None and self.wire is not None and self.wire.dialect is not None:
            observer = (self.wire.reading or dialect_named(self.wire.dialect).streams).observer()
            self.summary = observer.summary
            self._blocks = WireBlocks(
                provider=self.provider,
                source=self.wire.source,
                observer=observer,
                first_content=self.first_content,
            )
            await self._blocks.prime()
        if self.events is not None or self.wire is None or self.stages is not None:
            self._batches = self._read_batches()
            self._kept = await anext(self._batches)

    async def hold(self, *, until: float | None) -> bool:
        """Wait until the answer's content has begun, or it has finished without any.

        What comes before is kept and given out later, in its order; nothing is lost when time
        is up. Bytes that nobody understands are not waited for.

        Args:
            until: the event loop's time after which not to wait any longer; None waits for
                as long as it takes.

        Returns:
            Whether there is content, or the answer finished.

        Raises:
            ProviderError: the upstream failed, or reported an error, before there was content;
                the stream is closed.
        """
        await self.prime()
        try:
            return await self._hold(until)
        except BaseException as error:
            self._note_failure(error)
            await self.aclose()
            raise

    async def _hold(self, until: float | None) -> bool:
        if self._batches is None:
            return self._blocks is None or await self._blocks.hold(until=until)
        while not (self.has_content or self._finished):
            if until is not None and not await self._pending.begin(self._next_batch, until=until):
                return self.has_content
            batch = await (self._pending.take() if self._pending else self._next_batch())
            if not batch:
                break
            self._kept += batch
        return True

    async def _next_batch(self) -> list[StreamEvent]:
        """The next events, none at the end."""
        return [] if self._batches is None else await anext(self._batches, list[StreamEvent]())

    def blocks(self, request: ModelRequest) -> AsyncGenerator[bytes, None]:
        """The stream as blocks of whole frames in the dialect of the client that sent
        `request`; bytes that nobody understands come as they are.

        The stream must have been entered.

        Raises:
            ProviderError: the upstream failed, or ended before its terminal event.
        """
        dialect = request.context.client_dialect
        if self._batches is None and self.wire is not None:
            if self._blocks is None:
                return self._forwarded(self.wire.source)
            if self.wire.dialect == dialect:
                return self._blocks.relayed()
        return self._encoded(dialect, request)

    async def _forwarded(self, source: ByteSource) -> AsyncGenerator[bytes, None]:
        with self._failures_noted():
            while chunk := await source.read():
                yield chunk
        self._finished = True

    def _broken(self, reason: str) -> UpstreamProtocolError:
        return UpstreamProtocolError(reason, provider=self.provider)

    def _answered(self, details: ErrorDetails) -> UpstreamAnsweredError:
        return UpstreamAnsweredError(details, provider=self.provider)

    async def _encoded(self, dialect: str, request: ModelRequest) -> AsyncGenerator[bytes, None]:
        codec = dialect_named(dialect)
        self._encoder = encoder = codec.streams.encoder(request=request.normalized)
        encode = encoder.encode
        async with aclosing(self._all_batches()) as batches:
            async for batch in batches:
                if frames := b"".join([encode(event) for event in batch]):
                    yield frames
        if (reason := self.summary.finish_reason) and reason in codec.unsaid_finishes:
            warn_of_unsaid_finish(reason, request.context)

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
        kept, self._kept = self._kept, []
        yield kept
        if self._pending:
            yield await self._pending.take()
        async for batch in self._batches:
            yield batch

    async def _read_batches(self) -> AsyncGenerator[list[StreamEvent], None]:
        """The events after the stages, together what came together.

        Raises:
            ProviderError: the upstream failed, or ended before its terminal event; what came
                before that has been given.
        """
        with self._failures_noted():
            async with aclosing(self._sources()) as sources:
                async for source in sources:
                    batch, problem = self._batch(source)
                    if any(isinstance(event, StreamFinish) for event in batch):
                        self._finished = True
                        if self.before_finish is not None:
                            await self.before_finish()
                    if batch:
                        yield batch
                    if problem is not None:
                        raise problem
                    if batch and isinstance(batch[-1], StreamEnd):
                        return
            if not self._finished:
                raise self._broken("server error: the stream ended before its terminal event")

    def _batch(
        self, source: Callable[[], list[StreamEvent]]
    ) -> tuple[list[StreamEvent], ProviderError | None]:
        """The events of a source, and the error that ends them if one does."""
        batch: list[StreamEvent] = []
        try:
            for event in self._staged(source):
                self._note(event)
                batch.append(event)
        except ProviderError as error:
            return batch, error
        return batch, None

    async def _sources(self) -> AsyncGenerator[Callable[[], list[StreamEvent]], None]:
        """What gives the events, a batch each."""
        if self.events is not None:
            while event := await self._early_event(self.events):
                yield partial(list[StreamEvent], (event,))
            async for event in self.events:
                yield partial(list[StreamEvent], (event,))
            return
        if self.wire is None:
            raise ValueError("a stream needs wire bytes or events")
        if self.wire.dialect is None or self._blocks is None:
            raise self._broken("the stream cannot be read as normalized events")
        decoder = (self.wire.reading or dialect_named(self.wire.dialect).streams).decoder()
        async with aclosing(self._blocks.relayed()) as blocks:
            async for block in blocks:
                yield partial(decoder.decode, block)
        yield decoder.end

    async def _early_event(self, events: AsyncGenerator[StreamEvent, None]) -> StreamEvent | None:
        """The next event while there is no content; None afterwards, and at the end."""
        if self.has_content or self._finished:
            return None
        event = await self.first_content.wait(anext(events, None), provider=self.provider)
        if event is not None and carries_content(event):
            self.first_content.came()
        return event

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
                raise self._answered(event.details)
            case _:
                pass
