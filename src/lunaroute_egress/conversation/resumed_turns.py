"""Answers that their model has paused, gone on with for clients that know of no such thing."""

import time
from collections.abc import Callable, Sequence
from types import CoroutineType
from typing import Any

from attrs import Factory, define, field

from lunaroute_core import (
    Deadlines,
    LimitedProvider,
    ModelRequest,
    ModelResponse,
    ModelStream,
    Operation,
    Provider,
    Timings,
    UpstreamProtocolError,
    WireStream,
)
from lunaroute_core.answer_stages import staged_response
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model import FinishReason, HostedTool, NormalizedResponse
from lunaroute_egress.conversation.joined_answer import calls_client, ended, is_paused, joined
from lunaroute_egress.conversation.joined_stream import JoinedStream
from lunaroute_egress.conversation.paused_turn import PausedTurn


@define(kw_only=True)
class ResumedTurns:
    """A Provider around another: lets a model that pauses a long turn go on, so that its client
    sees one answer.

    The vendor's tools are what has a model pause, so only requests with some are looked at; and
    a client of the upstream's own dialect is told of the pause, and goes on by itself. The parts
    are put together before anything is done to the answer on its way back.

    Attributes:
        provider: asked for each part.
        dialects: those it speaks, best first.
        deadlines: its own; that for the whole call holds for the whole turn.
        continuations: how often an answer may go on. One that pauses once more ends there, and
            a warning says so.
        adds_tools: whether the provider may add tools to requests that come without.
        clock: monotonic, in seconds.
    """

    provider: Provider
    dialects: Sequence[str]
    deadlines: Deadlines = field(factory=Deadlines)
    continuations: int = 10
    adds_tools: bool = False
    clock: Callable[[], float] = time.monotonic
    _limited: LimitedProvider | None = field(
        init=False,
        default=Factory(
            lambda self: self.provider if isinstance(self.provider, LimitedProvider) else None,
            takes_self=True,
        ),
    )

    @property
    def name(self) -> str:
        return self.provider.name

    def lacks(self, request: ModelRequest) -> str | None:
        """What the provider says, if it says anything."""
        return None if self._limited is None else self._limited.lacks(request)

    def send(self, request: ModelRequest) -> "CoroutineType[Any, Any, ModelResponse]":
        """Raises RequestError or ProviderError."""
        # Not `async` itself, so that requests that never pause are not awaited once more.
        return self._whole(request) if self._may_pause(request) else self.provider.send(request)

    def stream(self, request: ModelRequest) -> "CoroutineType[Any, Any, ModelStream]":
        """Raises RequestError or ProviderError."""
        return (
            self._streamed(request) if self._may_pause(request) else self.provider.stream(request)
        )

    def _may_pause(self, request: ModelRequest) -> bool:
        if request.context.client_dialect in self.dialects:
            return False
        if request.operation is not Operation.GENERATE:
            return False
        return self.adds_tools or HostedTool in map(type, request.normalized.tools)

    async def _whole(self, request: ModelRequest) -> ModelResponse:
        turn = self._turn(request)
        response = await self.provider.send(request)
        if response.summary.finish_reason is not FinishReason.PAUSE or response.wire is None:
            return response
        answer, timings = _as_it_came(response), response.timings
        while turn.goes_on(answer):
            part = await turn.send(answer)
            answer = joined(answer, part.normalized)
            timings = _until(timings, part.timings)
        if answer.finish is not None and is_paused(answer):
            answer.finish = ended(answer.finish, calls=calls_client(answer))
        whole = response.with_normalized(_staged(answer, response))
        whole.summary = AnswerSummary.of(whole.normalized)
        whole.timings = timings
        return whole

    async def _streamed(self, request: ModelRequest) -> ModelStream:
        turn = self._turn(request)
        stream = await self.provider.stream(request)
        wire = stream.wire
        if stream.stages is None or wire is None or wire.dialect is None:
            return stream
        codec = dialect_named(wire.dialect).streams
        parts = JoinedStream(source=wire.source, codec=codec, turn=turn)
        stream.wire = WireStream(
            dialect=wire.dialect,
            source=parts,
            status=wire.status,
            headers=wire.headers,
            reading=parts,
        )
        return stream

    def _turn(self, request: ModelRequest) -> PausedTurn:
        given = request.context.deadlines
        return PausedTurn(
            provider=self.provider,
            request=request,
            left=self.continuations,
            started=self.clock(),
            total=self.deadlines.overridden(given).total,
            deadlines=given,
            clock=self.clock,
        )


def _as_it_came(response: ModelResponse) -> NormalizedResponse:
    """A response before its stages: only so may the model have it back."""
    plain = ModelResponse(provider=response.provider, model=response.model, wire=response.wire)
    return plain.normalized


def _staged(answer: NormalizedResponse, response: ModelResponse) -> NormalizedResponse:
    """An answer after the stages of the response that it began with."""
    try:
        return staged_response(answer, response.stages)
    except ValueError as error:
        raise UpstreamProtocolError(str(error), provider=response.provider) from error


def _until(begun: Timings | None, last: Timings | None) -> Timings | None:
    if begun is None or last is None:
        return begun
    return Timings(started=begun.started, first_byte=begun.first_byte, finished=last.finished)
