"""The Router: a Provider made of Providers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import TypeVar

from attrs import define, field

from lunaroute_core import ModelRequest, ModelResponse, ModelStream, Operation, Provider
from lunaroute_routing.asking import Asking
from lunaroute_routing.attempt import Attempt
from lunaroute_routing.availability import Candidates
from lunaroute_routing.chooser import Choice, Chooser
from lunaroute_routing.compiled_routes import CompiledRoutes
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.events import FellBack, RoutingEvent, RoutingObserver
from lunaroute_routing.held_routes import HeldRoutes
from lunaroute_routing.model_list import ModelList
from lunaroute_routing.prices import PriceList
from lunaroute_routing.provider_states import ProviderStates
from lunaroute_routing.request_ledger import RequestLedger
from lunaroute_routing.route import Route
from lunaroute_routing.route_run import Answered, RouteRun, Switch
from lunaroute_routing.route_table import RouteTable
from lunaroute_routing.snapshot import ProviderSnapshot
from lunaroute_routing.switch_notification import switch_reason

Answer = TypeVar("Answer")
Ask = Callable[[Attempt, ModelRequest], Awaitable[Answer]]


@define(kw_only=True, eq=False)
class Router:
    """Answers a request with the provider that its rules, and the providers' state, say.

    In this order: the provider that the client names in `X-Luna-Provider`; the route in
    `X-Luna-Route`; the one in a message's marker; the provider before the first slash of the
    model (`anthropic/claude-…`; the rest is the model's name then); the first rule that
    matches; the client's own vendor; the first provider.

    Of a route's deployments, those are passed over whose circuit breaker is open, that cool
    down, that are unhealthy, or that cannot do what the request needs. When one fails, what
    its error means decides whether it is asked again, or another one, or nobody. A stream can
    go on elsewhere until its first content is there.

    Attributes:
        providers: by name, in order of preference.
        table: what it goes by; `replace` gives it another one.
        observers: are told what happens.
        prices: what models cost, for the events; None: nobody knows.
        clock: seconds that only go forward.
    """

    providers: Mapping[str, Provider]
    table: RouteTable = field(factory=RouteTable)
    observers: Sequence[RoutingObserver] = ()
    prices: PriceList | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: Random = field(factory=Random)
    name: str = "router"
    _states: ProviderStates = field(init=False)
    _held: HeldRoutes = field(init=False)
    _chooser: Chooser = field(init=False)
    _models: ModelList = field(init=False)

    def __attrs_post_init__(self) -> None:
        if not self.providers:
            raise ValueError("a router needs at least one provider")
        emit = self._emit if self.observers else None
        self._states = ProviderStates(clock=self.clock, observe=emit)
        self._held = HeldRoutes(clock=self.clock)
        self.replace(self.table)

    def replace(self, table: RouteTable) -> None:
        """Go by another table from the next request on; what is known of providers stays.

        Raises:
            ConfigurationError: the table is wrong; the old one stays.
        """
        routes = CompiledRoutes(table=table, providers=self.providers, states=self._states)
        self._chooser = Chooser(routes=routes)
        self._models = ModelList(providers=self.providers, table=table)
        self.table = table

    async def send(self, request: ModelRequest) -> ModelResponse:
        """The finished answer.

        Raises:
            RequestError: the client names what there is not, or nobody can serve the request.
            ProviderError: no deployment answered; the most useful of what they said.
        """
        if request.operation is Operation.LIST_MODELS and not request.model:
            return await self._models.of(request)
        choice = self._chooser.choose(request)
        asking = self._asking(choice)
        ledger = self._ledger(choice)
        try:
            answered = await self._run(choice, asking, asking.whole, _keep_none)
        except BaseException as error:
            ledger.raised(error)
            raise
        self._hold(choice, answered)
        ledger.completed(answered.deployment.name)
        return answered.answer

    async def stream(self, request: ModelRequest) -> ModelStream:
        """The answer in flight; raises as `send` does, until the answer has content."""
        choice = self._chooser.choose(request)
        asking = self._asking(choice)
        ledger = self._ledger(choice)
        try:
            answered = await self._run(choice, asking, asking.stream, ModelStream.aclose)
        except BaseException as error:
            ledger.raised(error)
            raise
        self._hold(choice, answered)
        ledger.follow(answered.answer, answered.deployment.name)
        return answered.answer

    def snapshot(self) -> Sequence[ProviderSnapshot]:
        """How the providers fare."""
        return self._states.snapshot()

    def lacks(self, request: ModelRequest) -> str | None:
        """Why none of the route's deployments can serve a request; None when one can."""
        route = self._chooser.choose(request).route
        reasons = [one.lacks(request) for tier in route.tiers for one in tier.deployments]
        return None if None in reasons else reasons[0]

    async def _run(
        self,
        choice: Choice,
        asking: Asking,
        ask: "Ask[Answer]",
        discard: Callable[[Answer], Awaitable[None]],
    ) -> Answered[Answer]:
        run = RouteRun(
            route=choice.route,
            request=choice.request,
            candidates=asking.candidates,
            attempt=partial(self._attempt, choice),
            ask=ask,
            discard=discard,
            switched=partial(self._switched, choice.route),
            sleep=self.sleep,
            rng=self.rng,
        )
        return await run.run()

    def _asking(self, choice: Choice) -> Asking:
        route, request = choice.route, choice.request
        held = self._held.held(request) if route.has_choice else None
        first = held.deployment if held is not None and held.rule == route.name else None
        candidates = Candidates(route=route, request=request, first=first)
        return Asking(route=route, candidates=candidates, clock=self.clock, started=self.clock())

    def _attempt(self, choice: Choice, deployment: Deployment) -> Attempt:
        emit = self._emit if self.observers else None
        return Attempt(
            deployment=deployment,
            request=choice.request,
            route=choice.route.name,
            clock=self.clock,
            emit=emit,
            prices=self.prices,
        )

    def _ledger(self, choice: Choice) -> RequestLedger:
        emit = self._emit if self.observers else None
        return RequestLedger(request=choice.request, route=choice.route.name, emit=emit)

    def _switched(self, route: Route, switch: Switch, request: ModelRequest) -> ModelRequest:
        if self.observers:
            self._emit(
                FellBack(
                    request_id=request.context.request_id,
                    route=route.name,
                    from_provider=switch.original,
                    to_provider=switch.new,
                    reason="circuit_breaker" if switch.error is None else switch.error.value,
                )
            )
        notification = self.table.notification
        if notification is None:
            return request
        reason = switch_reason(switch.error)
        return notification.apply(
            request, original=switch.original, new=switch.new, reason=reason
        )

    def _hold(self, choice: Choice, answered: Answered[Answer]) -> None:
        """After a switch the turns of a tool loop stay where it led."""
        if answered.switch is not None:
            session = choice.request.context.session_id
            self._held.hold(session, choice.route.name, answered.deployment.label)

    def _emit(self, event: RoutingEvent) -> None:
        for observer in self.observers:
            observer.observe(event)


async def _keep_none(_response: ModelResponse) -> None:
    """A whole answer holds nothing that would have to be let go."""
