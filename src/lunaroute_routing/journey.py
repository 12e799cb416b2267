"""One request on its way through its route: attempts, retries, fallbacks, hedges."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Generic, TypeVar

from msgspec import Struct

from lunaroute_core import (
    ErrorDetails,
    ErrorKind,
    InvalidRequestError,
    ModelRequest,
    NoDeploymentError,
    ProviderError,
    RequestError,
    UpstreamTimeoutError,
)
from lunaroute_routing.attempt import Attempt
from lunaroute_routing.availability import Candidates, Exclusion
from lunaroute_routing.backoff import Backoff
from lunaroute_routing.collaborators import Collaborators
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.events import FellBack
from lunaroute_routing.route import Route, RouteTier
from lunaroute_routing.switch_notification import switch_reason
from lunaroute_routing.verdict import Verdict, most_useful

Answer = TypeVar("Answer")


class Switch(Struct, frozen=True, kw_only=True):
    """Another provider than the one that was meant is asked.

    `error` is what the last one answered that did not do; None: it was not asked at all,
    because its breaker is not closed.
    """

    original: str
    new: str
    error: ErrorKind | None


class Answered(Struct, Generic[Answer], frozen=True):
    """An answer, whose it is, and the switch that led there."""

    answer: Answer
    deployment: Deployment
    switch: Switch | None


class _GaveUp(Struct, frozen=True):
    error: ProviderError | RequestError


Ask = Callable[["Journey[Answer]", Attempt, ModelRequest], Awaitable[Answer]]


class Journey(Struct, Generic[Answer], kw_only=True, eq=False):
    """Asks deployments until one answers.

    Attributes:
        ask: asks a deployment in the name of an attempt, and gives its answer.
        discard: lets go of an answer that came too late.
        started: on the clock, in seconds.
        errors: what deployments have answered so far.
        running: the attempts that are under way.
        deadline: the one for all attempts together.
        last_asked: a provider.
    """

    route: Route
    request: ModelRequest
    candidates: Candidates
    ask: "Ask[Answer]"
    discard: Callable[[Answer], Awaitable[None]]
    tools: Collaborators
    started: float
    errors: list[ProviderError | RequestError] = []
    running: list[Attempt] = []
    deadline: asyncio.Timeout | None = None
    last_asked: str = ""

    @property
    def seconds(self) -> float:
        """How long it has taken until now."""
        return self.tools.clock() - self.started

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
        hedge = self.route.settings.hedge
        if hedge.enabled:
            self.route.hedges.deposit()
        while (found := self.candidates.next()) is not None:
            if hedge.enabled and self.candidates.has_more():
                answered = await self._race(found, hedge.after_ms / 1000)
            else:
                answered = await self._answer(*found)
            if answered is not None:
                return answered
        raise self._none_left()

    async def _answer(self, tier: RouteTier, deployment: Deployment) -> "Answered[Answer] | None":
        """What a deployment answers; None when another one is to be asked.

        Raises:
            ProviderError, RequestError: no other one would do.
        """
        is_plain = not self.errors and tier is self.route.tiers[0]
        switch = None if is_plain else self._switch(deployment)
        request = self.request if switch is None else self._told(switch)
        request = deployment.request(request)
        if deployment.settings.retry.max_retries:
            deployment.retries.deposit()
        for retry in count(1):
            attempt = Attempt.begin(deployment, self.request, self.route, self.tools)
            self.running.append(attempt)
            self.last_asked = deployment.name
            try:
                answer = await self.ask(self, attempt, request)
            except (ProviderError, RequestError) as error:
                verdict = attempt.failed(error)
                self.errors.append(error)
                wait = self._wait(deployment, verdict, error, retry)
                self.request.context.waited += attempt.seconds + (wait or 0.0)
                if wait is None and verdict.fall_back:
                    return None
                if wait is None:
                    raise most_useful(self.errors) from error
            except BaseException:
                self._cut_off(attempt)
                raise
            else:
                return Answered(answer, deployment, switch)
            finally:
                self.running.remove(attempt)
            await self.tools.sleep(wait)
        raise AssertionError("retries are counted without an end")

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
        if not verdict.retry or retry > settings.max_retries:
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

    def _switch(self, deployment: Deployment) -> "Switch | None":
        """What is to be said of a deployment that is not the one that was meant, unless a
        strategy chose it among equals.
        """
        meant = self.route.tiers[0].deployments[0].name
        if meant == deployment.name:
            return None
        if self.errors:
            return Switch(original=meant, new=deployment.name, error=self.errors[-1].details.kind)
        # What cannot do a thing was never meant to.
        excluded = self.candidates.excluded.values()
        kinds = [why.kind for why in excluded if why.kind is not ErrorKind.INVALID_REQUEST]
        if not kinds:
            return None
        limited = kinds[0] is ErrorKind.RATE_LIMIT
        return Switch(
            original=meant, new=deployment.name, error=ErrorKind.RATE_LIMIT if limited else None
        )

    def _told(self, switch: Switch) -> ModelRequest:
        """The request for another provider, after everybody has been told."""
        if self.tools.emit is not None:
            self.tools.emit(
                FellBack(
                    request_id=self.request.context.request_id,
                    route=self.route.name,
                    from_provider=switch.original,
                    to_provider=switch.new,
                    reason="circuit_breaker" if switch.error is None else switch.error.value,
                )
            )
        notification, reason = self.route.notification, switch_reason(switch.error)
        if notification is None:
            return self.request
        return notification.apply(
            self.request, original=switch.original, new=switch.new, reason=reason
        )

    async def _race(
        self, found: tuple[RouteTier, Deployment], after: float
    ) -> "Answered[Answer] | None":
        """The answer of a deployment, or of another one that is asked while it is slow."""
        asked: list[asyncio.Task[Answered[Answer] | _GaveUp | None]] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                asked.append(tasks.create_task(self._outcome(*found)))
                done, _ = await asyncio.wait(asked, timeout=after)
                if not done and self.route.hedges.withdraw():
                    second = self.candidates.next()
                    if second is not None:
                        asked.append(tasks.create_task(self._outcome(*second)))
                result = await self._winner(set(asked))
        except BaseException:
            # Somebody left just when there was an answer.
            for task in asked:
                if not task.cancelled() and isinstance(late := task.result(), Answered):
                    await self.discard(late.answer)
            raise
        if isinstance(result, _GaveUp):
            raise result.error
        return result

    async def _winner(
        self, racing: "set[asyncio.Task[Answered[Answer] | _GaveUp | None]]"
    ) -> "Answered[Answer] | _GaveUp | None":
        """The first that answers or ends the matter; the others are cancelled."""
        winner: Answered[Answer] | _GaveUp | None = None
        while racing and winner is None:
            done, racing = await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            for result in [task.result() for task in done]:
                if winner is not None and isinstance(result, Answered):
                    await self.discard(result.answer)
                winner = winner or result
        self._lose(racing)
        return winner

    def _lose(self, racing: "set[asyncio.Task[Answered[Answer] | _GaveUp | None]]") -> None:
        for attempt in self.running:
            attempt.lost = True
        for task in racing:
            task.cancel()

    async def _outcome(
        self, tier: RouteTier, deployment: Deployment
    ) -> "Answered[Answer] | _GaveUp | None":
        try:
            return await self._answer(tier, deployment)
        except (ProviderError, RequestError) as error:
            return _GaveUp(error)

    def _none_left(self) -> ProviderError | RequestError:
        if self.errors:
            return most_useful(self.errors)
        return no_deployment(self.route, self.candidates.excluded)


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
