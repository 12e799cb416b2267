"""One turn of a model that has paused, and may go on."""

from collections.abc import Callable

import msgspec
from attrs import define

from lunaroute_core import (
    ByteSource,
    DeadlineOverrides,
    ModelRequest,
    ModelResponse,
    Provider,
    TranslationWarning,
    UpstreamProtocolError,
    UpstreamTimeoutError,
)
from lunaroute_core.dialects.client_field import client_field
from lunaroute_core.model import NormalizedResponse
from lunaroute_egress.conversation.joined_answer import calls_client, is_paused, says_something


@define(kw_only=True)
class PausedTurn:
    """Has the upstream go on with an answer, as often as it may.

    Attributes:
        provider: asked with the request once more, and with the answer so far.
        request: as it was asked at first.
        left: how often the answer may still go on.
        started: when the turn began, on the clock, in seconds.
        total: seconds that the whole of it may take; None for as long as it takes.
        deadlines: those that its request was given.
    """

    provider: Provider
    request: ModelRequest
    left: int
    started: float
    total: float | None
    deadlines: DeadlineOverrides | None
    clock: Callable[[], float]

    def goes_on(self, answer: NormalizedResponse) -> bool:
        """Whether the answer is paused and may go on. That it may not is noted, since its client
        gets an answer that looks complete.
        """
        if not is_paused(answer) or calls_client(answer):
            return False
        begun = says_something(answer)
        if self.left and begun:
            return True
        reason = "paused once too often" if begun else "paused without having begun"
        context = self.request.context
        context.warnings.append(
            TranslationWarning(
                outcome="emulated",
                param=client_field(context.client_dialect, "finish"),
                message=f"the model {reason}: its answer ends unfinished",
            )
        )
        return False

    async def send(self, paused: NormalizedResponse) -> ModelResponse:
        """What comes after the answer so far. Raises RequestError or ProviderError."""
        request = self._continuation(paused)
        try:
            return await self.provider.send(request)
        finally:
            self.request.context.attempts += request.context.attempts

    async def stream(self, paused: NormalizedResponse) -> ByteSource:
        """The same as bytes. Raises RequestError or ProviderError."""
        request = self._continuation(paused)
        try:
            stream = await self.provider.stream(request)
        finally:
            self.request.context.attempts += request.context.attempts
        if stream.wire is None:
            await stream.aclose()
            raise UpstreamProtocolError("a paused answer went on otherwise", provider=self.name)
        return stream.wire.source

    @property
    def name(self) -> str:
        return self.provider.name

    def _continuation(self, paused: NormalizedResponse) -> ModelRequest:
        self.left -= 1
        request = self.request
        normalized = msgspec.structs.replace(request.normalized, paused=paused)
        context = msgspec.structs.replace(
            request.context, attempts=0, deadlines=self._deadlines_left()
        )
        return request.with_normalized(normalized).with_context(context)

    def _deadlines_left(self) -> DeadlineOverrides | None:
        """The request's own, and of the total what is left.

        Raises:
            UpstreamTimeoutError: nothing is.
        """
        if self.total is None:
            return self.deadlines
        left = self.total - (self.clock() - self.started)
        if left <= 0:
            raise UpstreamTimeoutError(phase="total", seconds=self.total, provider=self.name)
        return msgspec.structs.replace(self.deadlines or DeadlineOverrides(), total=left)
