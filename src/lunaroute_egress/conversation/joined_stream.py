"""One stream out of the parts that a model gave its answer in."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

from attrs import Factory, define, field

from lunaroute_core import ByteSource, ErrorDetails, ProviderError
from lunaroute_core.answer_accumulator import AnswerAccumulator
from lunaroute_core.dialects.codec import (
    AnswerSummary,
    StreamCodec,
    StreamDecoder,
    StreamObserver,
)
from lunaroute_core.model import (
    BlockStart,
    FinishReason,
    NormalizedResponse,
    OpaqueEvent,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamFinish,
    StreamPing,
    StreamStart,
    Usage,
    UsageUpdate,
)
from lunaroute_egress.conversation.joined_answer import calls_client, ended, joined
from lunaroute_egress.conversation.paused_turn import PausedTurn

_PATIENCE = 0.25
"""Seconds that a part's connection may take to end."""


@define(kw_only=True)
class JoinedStream:
    """A `ByteSource` that goes on with the next part where one has paused, and the
    `StreamReading` that makes one stream of them.

    The bytes of a part have all been decoded when more are read: only a stream that is translated
    can be one of these.

    Attributes:
        source: the first part's.
        codec: its dialect's.
        turn: has the model go on.
    """

    source: ByteSource
    codec: StreamCodec
    turn: PausedTurn
    _observer: "_JoinedObserver" = field(
        init=False,
        default=Factory(lambda self: _JoinedObserver(self.codec.observer, self.turn), True),
    )
    _decoder: "_JoinedDecoder" = field(
        init=False,
        default=Factory(lambda self: _JoinedDecoder(self.codec.decoder, self.turn), True),
    )

    def observer(self) -> StreamObserver:
        return self._observer

    def decoder(self) -> StreamDecoder:
        return self._decoder

    async def read(self) -> bytes:
        """Raises RequestError or ProviderError."""
        paused = self._decoder.paused
        if paused is not None:
            await self._end_part()
            self.source = await self.turn.stream(paused)
            self._observer.begin_part()
            self._decoder.begin_part()
        return await self.source.read()

    async def _end_part(self) -> None:
        """Read to the end what is at its last event, so that its connection can serve the next
        part; however that ends, the part is whole.
        """
        with suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while await self.source.read():
                    pass
        await self.source.aclose()

    async def aclose(self) -> None:
        await self.source.aclose()


@define
class _JoinedObserver:
    """A `StreamObserver` for which a pause is no end, if the model may go on after it.

    The summary is the first part's: what it says of the others is known from their events.
    """

    _new: Callable[[], StreamObserver]
    _turn: PausedTurn
    _part: StreamObserver = field(init=False, default=Factory(lambda self: self._new(), True))
    summary: AnswerSummary = field(
        init=False, default=Factory(lambda self: self._part.summary, True)
    )
    started: bool = field(default=False, init=False)
    has_content: bool = field(default=False, init=False)
    finished: bool = field(default=False, init=False)
    error: ErrorDetails | None = field(default=None, init=False)
    position: int = field(default=0, init=False)

    def observe(self, block: bytes) -> None:
        part = self._part
        part.observe(block)
        self.started = self.started or part.started
        self.has_content = self.has_content or part.has_content
        self.error = part.error
        pauses = part.error is None and part.summary.finish_reason is FinishReason.PAUSE
        self.finished = part.finished and not (pauses and self._turn.left)

    def begin_part(self) -> None:
        self._part = self._new()


@define
class _JoinedDecoder:
    """A `StreamDecoder` whose events are those of all parts, as if they were one.

    A part's bytes are kept until its end, to be read once more if that is a pause: to gather the
    answer from its events would cost every event of every answer that does not pause.

    Attributes:
        paused: the answer so far, where the model has paused and is to go on.
    """

    _new: Callable[[], StreamDecoder]
    _turn: PausedTurn
    paused: NormalizedResponse | None = field(default=None, init=False)
    _part: StreamDecoder = field(init=False, default=Factory(lambda self: self._new(), True))
    _blocks: list[bytes] = field(factory=list[bytes], init=False)
    _earlier: NormalizedResponse | None = field(default=None, init=False)
    """The answer of the parts before."""
    _first: int = field(default=0, init=False)
    """The index of the part's first block in the answer."""
    _next_first: int = field(default=0, init=False)
    _usage: Usage | None = field(default=None, init=False)
    """The part's own."""

    def decode(self, block: bytes) -> list[StreamEvent]:
        self._blocks.append(block)
        events = self._part.decode(block)
        if self._earlier is not None:
            events = [*self._following(events, self._earlier)]
        if events and isinstance(events[-1], StreamEnd):
            events = self._without_pause(events)
        return events

    def end(self) -> list[StreamEvent]:
        return self._part.end()

    def begin_part(self) -> None:
        self._earlier, self.paused = self.paused, None
        self._part = self._new()
        self._blocks = []
        self._first = self._next_first
        self._usage = None

    def _following(
        self, events: list[StreamEvent], earlier: NormalizedResponse
    ) -> Iterator[StreamEvent]:
        """The events of a part that is not the first."""
        for event in events:
            match event:
                case StreamStart(usage=usage) | UsageUpdate(usage=usage):
                    if usage is not None:
                        self._usage = used = usage.merged_over(self._usage)
                        before = earlier.usage
                        yield UsageUpdate(usage=used if before is None else before.plus(used))
                case StreamFinish() | StreamEnd() | StreamError() | StreamPing() | OpaqueEvent():
                    yield event
                case _:
                    event.index += self._first
                    yield event

    def _without_pause(self, events: list[StreamEvent]) -> list[StreamEvent]:
        """The last events of a part; none that ends the answer if it goes on."""
        finish = next((it for it in events if isinstance(it, StreamFinish)), None)
        if finish is None or finish.finish.reason is not FinishReason.PAUSE:
            return events
        answer = self._so_far()
        if self._turn.goes_on(answer):
            self.paused = answer
            return [it for it in events if not isinstance(it, StreamFinish | StreamEnd)]
        finish.finish = ended(finish.finish, calls=calls_client(answer))
        return events

    def _so_far(self) -> NormalizedResponse:
        again, part = self._new(), AnswerAccumulator()
        last = -1
        for block in self._blocks:
            for event in again.decode(block):
                part.add(event)
                if isinstance(event, BlockStart):
                    last = max(last, event.index)
        self._next_first = self._first + last + 1
        answer = part.response
        return answer if self._earlier is None else joined(self._earlier, answer)
