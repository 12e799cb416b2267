"""One request on its way through its route: attempts, retries, fallbacks, hedges."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lunaroute_core import (
    ErrorDetails,
    ErrorKind,
    InvalidRequestError,
    ModelRequest,
    NoDeploymentError,
    Operation,
    ProviderError,
    RequestContext,
    RequestError,
    TranslationWarning,
    UpstreamTimeoutError,
)
from lunaroute_core.deadlines import DeadlineOverrides
from lunaroute_routing.attempt import Attempt
from lunaroute_routing.availability import Candidates, Exclusion
from lunaroute_routing.backoff import Backoff
from lunaroute_routing.collaborators import Collaborators
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.events import FellBack
from lunaroute_routing.race import Race, Runner
from lunaroute_routing.route import Route, RouteTier
from lunaroute_routing.switch import Switch, switch_from, switch_past
from lunaroute_routing.switch_notification import switch_reason
from lunaroute_routing.verdict import Verdict, most_useful

Answer = TypeVar("Answer")


class Answered(Struct, Generic[Answer], frozen=True):
    """An answer, whose it is, and the switch that led there."""

    answer: Answer
    deployment: Deployment
    switch: Switch | None


class _Failure(Struct, frozen=True):
    """What a deployment answered, and what was lost on the way to it."""

    deployment: Deployment
    error: ProviderError | RequestError
    warnings: Sequence[TranslationWarning]


Ask = Callable[["Journey[Answer]", Attempt], Awaitable[Answer]]


class Journey(Struct, Generic[Answer], kw_only=True, eq=False):
    """Asks deployments until one answers.

    Attributes:
        request: as it goes to the deployments.
        context: the caller's, which is told what became of the attempts.
        ask: asks a deployment in the name of an attempt, and gives its answer.
        discard: lets go of an answer that came too late.
        started: on the clock, in seconds.
        given: the deadlines that the caller has set.
        failures: what deployments have answered so far.
        running: the attempts that are under way.
        deadline: the one for all attempts together.
        last_asked: a provider.
    """

    route: Route
    request: ModelRequest
    context: RequestContext
    candidates: Candidates
    ask: "Ask[Answer]"
    discard: Callable[[Answer], Awaitable[None]]
    tools: Collaborators
    started: float
    given: DeadlineOverrides | None
    failures: list[_Failure] = []
    running: list[Attempt] = []
    deadline: asyncio.Timeout | None = None
    last_asked: str = ""

    @property
    def seconds(self) -> float:
        """How long it has taken until now."""
        return self.tools.clock() - self.started

    @property
    def has_others(self) -> bool:
        """Whether another deployment may still answer: one that is asked too, or could be."""
        return len(self.running) > 1 or self.candidates.has_more()

    def run(self) -> "Awaitable[Answered[Answer]]":
        """The answer.

        Raises:
            ProviderError: no deployment answered; it is the most useful of what they said.
            RequestError: no deployment can serve such a request.
        """
        total = self.route.settings.timeouts.total_secs
        return self._first_answer() if total is None else self._within(total)

    async def _within(self, total: float) -> "Answered[Answer]":
        self.deadline = asyncio.timeout(total)
        try:
            async with self.deadline:
                return await self._first_answer()
        except TimeoutError:
            if not self.deadline.expired():
                raise
            raise self._out_of_time() from None

    async def _first_answer(self) -> "Answered[Answer]":
        hedges = self.route.settings.hedge.enabled and self.request.operation is Operation.GENERATE
        if hedges:
            self.route.hedges.deposit()
        while (found := self.candidates.next()) is not None:
            if hedges and self.candidates.has_more():
                answered = await self._race(found, self.route.settings.hedge.after_ms / 1000)
            else:
                answered = await self._answer(self.request, *found)
            if answered is not None:
                return answered
        raise self._none_left()

    @property
    def _may_repeat(self) -> bool:
        """What is only passed on may be a deed, such as an upload, that must not be done twice."""
        return self.request.operation is not Operation.FORWARD

    async def _answer(
        self, request: ModelRequest, tier: RouteTier, deployment: Deployment
    ) -> "Answered[Answer] | None":
        """What a deployment answers; None when another one is to be asked.

        Raises:
            ProviderError, RequestError: no other one would do.
        """
        is_plain = not self.failures and tier is self.route.tiers[0]
        switch = None if is_plain else self._switch(tier, deployment)
        request = request if switch is None else self._told(switch, request)
        request = deployment.request(request)
        if deployment.settings.retry.max_retries:
            deployment.retries.deposit()
        context = request.context
        for retry in count(1):
            attempt = Attempt.begin(deployment, request, self.route, self.tools)
            self.running.append(attempt)
            self.last_asked = deployment.name
            try:
                answer = await self.ask(self, attempt)
            except (ProviderError, RequestError) as error:
                self._note_failure(attempt, error)
                verdict = attempt.failed(error)
                wait = self._wait(deployment, verdict, error, retry)
                self.context.waited += attempt.seconds + (wait or 0.0)
            except BaseException:
                self._cut_off(attempt)
                raise
            else:
                if context.warnings is not self.context.warnings:
                    self._warn(context.warnings)
                return Answered(answer, deployment, switch)
            finally:
                self.running.remove(attempt)
                # They are not true of another attempt.
                context.deadlines = self.given
                if context is not self.context:
                    self._note_done(attempt)
            if wait is None and verdict.fall_back and self._may_repeat:
                return None
            if wait is None:
                raise self._none_left()
            await self.tools.sleep(wait)
        raise AssertionError("retries are counted without an end")

    def _note_failure(self, attempt: Attempt, error: ProviderError | RequestError) -> None:
        """Its warnings go with it: they are not true of another attempt."""
        warnings = attempt.request.context.warnings
        self.failures.append(_Failure(attempt.deployment, error, warnings[attempt.warned :]))
        del warnings[attempt.warned :]

    def _note_done(self, attempt: Attempt) -> None:
        """Count for the caller what was noted in the context of another request."""
        context = attempt.request.context
        self.context.attempts += context.attempts - attempt.asked
        self.context.waited += context.waited - attempt.waited

    def _warn(self, warnings: Sequence[TranslationWarning]) -> None:
        """Tell what was lost on the way to the one whose words the client gets."""
        told = set(self.context.warnings)
        self.context.warnings.extend(one for one in warnings if one not in told)

    def _cut_off(self, attempt: Attempt) -> None:
        """End an attempt that is not heard to its end. That is nobody's fault, unless all the
        time is up and it had most of it: who never answers must not look well for ever.
        """
        is_late = self.deadline is not None and self.deadline.expired()
        if is_late and 2 * attempt.seconds >= self.seconds:
            attempt.failed(self._out_of_time())
        else:
            attempt.cancelled()

    def _out_of_time(self) -> UpstreamTimeoutError:
        total = self.route.settings.timeouts.total_secs or 0.0
        return UpstreamTimeoutError(
            phase="total", seconds=total, provider=self.last_asked or self.route.name
        )

    def _wait(
        self,
        deployment: Deployment,
        verdict: Verdict,
        error: ProviderError | RequestError,
        retry: int,
    ) -> float | None:
        """Seconds until the same deployment is asked again; None: it is not."""
        settings = deployment.settings.retry
        if not verdict.retry or retry > settings.max_retries or not self._may_repeat:
            return None
        if verdict.rest != "nothing" and self.candidates.has_more():
            return None
        if self._is_shut(deployment):
            return None
        wait = Backoff(settings, self.tools.rng.random).delay(retry, error.details.retry_after)
        return wait if wait is not None and deployment.retries.withdraw() else None

    def _is_shut(self, deployment: Deployment) -> bool:
        """Whether its breaker has had enough of it meanwhile."""
        consulted = deployment.consults_breaker(has_choice=self.route.has_choice)
        return consulted and not deployment.state.breaker.available

    def _switch(self, tier: RouteTier, deployment: Deployment) -> Switch | None:
        """What is to be said of a deployment that is not the one that was meant."""
        if self.failures:
            first = self.failures[0]
            return switch_from(first.deployment, deployment, error=first.error.details.kind)
        # One that is asked beside another has taken nobody's place.
        return None if self.running else switch_past(self.candidates, tier, deployment)

    def _told(self, switch: Switch, request: ModelRequest) -> ModelRequest:
        """The request for another provider, after everybody has been told."""
        if self.tools.emit is not None:
            self.tools.emit(
                FellBack(
                    request_id=self.request.context.request_id,
                    route=self.route.name,
                    from_provider=switch.original,
                    to_provider=switch.new,
                    reason=switch.reason,
                )
            )
        notification, reason = self.route.notification, switch_reason(switch.error)
        if notification is None:
            return request
        return notification.apply(request, original=switch.original, new=switch.new, reason=reason)

    async def _race(
        self, found: tuple[RouteTier, Deployment], after: float
    ) -> "Answered[Answer] | None":
        """The answer of a deployment, or of another one that is asked while it is slow."""
        race = Race[Answered[Answer]](decided=self._decided, discard=self._discarded)
        return await race.run(self._apart(*found), after=after, second=self._hedge)

    def _hedge(self) -> "Runner[Answered[Answer]] | None":
        second = self.candidates.next() if self.route.hedges.withdraw() else None
        return None if second is None else self._apart(*second)

    def _apart(self, tier: RouteTier, deployment: Deployment) -> "Runner[Answered[Answer]]":
        """Asks a deployment in a context of its own: two at a time would note into one."""
        context = replace(self.request.context, attempts=0, waited=0.0, warnings=[])
        return partial(self._answer, self.request.with_context(context), tier, deployment)

    def _decided(self) -> None:
        for attempt in self.running:
            attempt.lost = True

    async def _discarded(self, answered: "Answered[Answer]") -> None:
        await self.discard(answered.answer)

    def _none_left(self) -> ProviderError | RequestError:
        """The error that the client is told, with what was lost on the way to it."""
        if not self.failures:
            return no_deployment(self.route, self.candidates.excluded)
        told = most_useful([failure.error for failure in self.failures])
        for failure in self.failures:
            if failure.error is told:
                self._warn(failure.warnings)
        return told


def no_deployment(
    route: Route, excluded: Mapping[Deployment, Exclusion]
) -> ProviderError | RequestError:
    """What a client is told when none of a route's deployments can be asked now."""
    reasons = "; ".join(f"{one.label}: {why.reason}" for one, why in excluded.items())
    message = f'no provider of the route "{route.name}" can be asked now ({reasons})'
    waiting = [why for why in excluded.values() if why.kind is not ErrorKind.INVALID_REQUEST]
    if not waiting:
        return InvalidRequestError(message)
    soonest = min(waiting, key=lambda why: why.seconds or 0.0)
    details = ErrorDetails(
        kind=soonest.kind,
        message=message,
        retry_after=None if soonest.seconds is None else math.ceil(soonest.seconds),
    )
    return NoDeploymentError(details, provider=route.name)
