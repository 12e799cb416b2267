"""One deployment being asked, and what becomes known of it by that."""

from typing import Self

from msgspec import Struct

from lunaroute_core import (
    ErrorKind,
    ModelRequest,
    ModelStream,
    Operation,
    ProviderError,
    RequestError,
)
from lunaroute_core.model import Usage
from lunaroute_routing.collaborators import Collaborators
from lunaroute_routing.cost import cost_of
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.events import AttemptEnded, AttemptOutcome, CooledDown
from lunaroute_routing.route import Route
from lunaroute_routing.verdict import Verdict, verdict_of


class Attempt(Struct, kw_only=True, eq=False):
    """Counts as load from its beginning to its one end.

    Attributes:
        request: as this deployment is asked.
        ticket: the breaker's; None where the breaker is not consulted and did not admit it.
        started: on the Router's clock, in seconds.
        asked, waited, warned: attempts, seconds and number of warnings in the request's context
            when it began.
        lost: another deployment was faster.
    """

    deployment: Deployment
    request: ModelRequest
    route: Route
    tools: Collaborators
    ticket: int | None
    started: float
    asked: int
    waited: float
    warned: int
    lost: bool = False
    ended: bool = False

    @classmethod
    def begin(
        cls, deployment: Deployment, request: ModelRequest, route: Route, tools: Collaborators
    ) -> Self:
        state, context = deployment.state, request.context
        state.in_flight += 1
        return cls(
            deployment=deployment,
            request=request,
            route=route,
            tools=tools,
            ticket=state.breaker.admit(),
            started=tools.clock(),
            asked=context.attempts,
            waited=context.waited,
            warned=len(context.warnings),
        )

    @property
    def seconds(self) -> float:
        """How long it has taken until now."""
        return self.tools.clock() - self.started

    @property
    def model(self) -> str:
        return self.request.model

    def has_content(self) -> None:
        """A stream's first content is there: take note of how long that took."""
        if self.request.operation is not Operation.GENERATE:
            return  # other things take their own time
        state = self.deployment.state
        state.content_seconds.observe(self.seconds)
        if self.ticket is not None and state.breaker.state == "half_open":
            # A probe has shown what it was for: a long stream must not keep the next one waiting.
            state.breaker.succeeded(self.ticket)
            self.ticket = None

    def succeeded(self, usage: Usage | None, *, whole: bool) -> None:
        """It was heard to its end; of a whole answer it is known now how long it took."""
        if not self._end():
            return
        state = self.deployment.state
        if whole and self.request.operation is Operation.GENERATE:
            state.answer_seconds.observe(self.tools.clock() - self.started)
        if self.ticket is not None:
            state.breaker.succeeded(self.ticket)
        state.health.record(True)
        if state.cooldowns.rests:
            state.cooldowns.succeeded(self.model, started=self.started)
        self._tell("completed", usage=usage)

    def passed(self, usage: Usage | None = None) -> None:
        """There is an answer that says nothing of how the upstream fares."""
        if self._end():
            self._hand_back()
            self._tell("completed", usage=usage)

    def failed(self, error: ProviderError | RequestError) -> Verdict:
        """Draw the consequences for the deployment, and say which there are for the request."""
        verdict = verdict_of(error)
        if self._end():
            self._blame(verdict, error)
            self._tell("failed", error=error.details.kind)
        return verdict

    def cancelled(self, usage: Usage | None = None) -> None:
        """It was not heard to its end, which is nobody's fault."""
        if self._end():
            self._hand_back()
            self._tell("lost" if self.lost else "cancelled", usage=usage)

    def follow(self, stream: ModelStream) -> None:
        """End when the stream does, in the way it does."""
        stream.on_end.append(self._stream_ended)

    def _stream_ended(self, stream: ModelStream) -> None:
        failure = stream.failure
        if isinstance(failure, ProviderError):
            self.failed(failure)
        elif stream.outcome == "completed" and _is_refusal(stream):
            self.passed()
        elif stream.outcome == "completed":
            self.succeeded(stream.summary.usage, whole=False)
        else:
            self.cancelled(stream.summary.usage)

    def _hand_back(self) -> None:
        if self.ticket is not None:
            self.deployment.state.breaker.cancelled(self.ticket)

    def _end(self) -> bool:
        if self.ended:
            return False
        self.ended = True
        self.deployment.state.in_flight -= 1
        return True

    def _blame(self, verdict: Verdict, error: ProviderError | RequestError) -> None:
        state = self.deployment.state
        blamed = verdict.fault == "upstream"
        if blamed:
            state.health.record(False)
        if self.ticket is not None:
            (state.breaker.failed if blamed else state.breaker.cancelled)(self.ticket)
        if verdict.rest != "nothing":
            self._rest(None if verdict.rest == "account" else self.model, error)

    def _rest(self, model: str | None, error: ProviderError | RequestError) -> None:
        cooldowns = self.deployment.state.cooldowns
        seconds = cooldowns.cool(model, error.details.retry_after, started=self.started)
        if self.tools.emit is not None and seconds > 0:
            provider, kind = self.deployment.name, error.details.kind
            self.tools.emit(CooledDown(provider=provider, model=model, seconds=seconds, kind=kind))

    def _tell(
        self,
        outcome: AttemptOutcome,
        *,
        usage: Usage | None = None,
        error: ErrorKind | None = None,
    ) -> None:
        if self.tools.emit_each is None:
            return
        self.tools.emit_each(
            AttemptEnded(
                request_id=self.request.context.request_id,
                route=self.route.name,
                provider=self.deployment.name,
                model=self.model,
                outcome=outcome,
                seconds=self.seconds,
                error=error,
                usage=usage,
                cost_usd=None if outcome == "failed" else self._cost(usage),
            )
        )

    def _cost(self, usage: Usage | None) -> float | None:
        """US dollars, None where that is not known. Input is paid for as soon as it is asked,
        unless the answer is an error.
        """
        target = self.deployment.target
        price = target.price
        if price is None and self.route.prices is not None:
            price = self.route.prices.price(target.provider, self.model)
        return None if price is None else cost_of(price, usage, self.request)


def _is_refusal(stream: ModelStream) -> bool:
    """Whether bytes that nobody understands come with a status that is no success: whose fault
    that is nobody knows.
    """
    wire = stream.wire
    return wire is not None and wire.dialect is None and not 200 <= wire.status < 400
