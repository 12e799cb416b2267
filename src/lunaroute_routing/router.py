"""The Router: a Provider made of Providers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

from attrs import define, field

from lunaroute_core import (
    ModelRequest,
    ModelResponse,
    ModelStream,
    Operation,
    Provider,
    RequestError,
)
from lunaroute_routing.asking import ask_stream, ask_whole
from lunaroute_routing.availability import Candidates
from lunaroute_routing.chooser import Choice, Chooser
from lunaroute_routing.collaborators import Collaborators
from lunaroute_routing.compiled_routes import CompiledRoutes
from lunaroute_routing.events import RoutingEvent, RoutingObserver
from lunaroute_routing.explaining import Explaining
from lunaroute_routing.explanation import Explanation
from lunaroute_routing.held_routes import HeldRoutes
from lunaroute_routing.journey import Answered, Ask, Journey
from lunaroute_routing.model_list import ModelList
from lunaroute_routing.provider_states import ProviderStates
from lunaroute_routing.request_ledger import RequestLedger
from lunaroute_routing.route_table import RouteTable
from lunaroute_routing.snapshot import ProviderSnapshot

Answer = TypeVar("Answer")


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
        clock: seconds that only go forward.
    """

    providers: Mapping[str, Provider]
    table: RouteTable = field(factory=RouteTable)
    observers: Sequence[RoutingObserver] = ()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: Random = field(factory=Random)
    name: str = "router"
    _tools: Collaborators = field(init=False)
    _states: ProviderStates = field(init=False)
    _held: HeldRoutes = field(init=False)
    _chooser: Chooser = field(init=False)
    _models: ModelList = field(init=False)

    def __attrs_post_init__(self) -> None:
        if not self.providers:
            raise ValueError("a router needs at least one provider")
        self._tools = Collaborators(
            clock=self.clock,
            sleep=self.sleep,
            rng=self.rng,
            emit=self._emit if self.observers else None,
            emit_each=self._emit_each if any(it.hears_each for it in self.observers) else None,
        )
        self._states = ProviderStates(clock=self.clock, observe=self._tools.emit)
        self._held = HeldRoutes(clock=self.clock)
        self.replace(self.table)

    @property
    def states(self) -> ProviderStates:
        """What is known of the providers, for whoever tells other processes of it."""
        return self._states

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
        if request.operation is Operation.LIST_MODELS:
            if not request.model:
                return await self._models.of(request)
            if (alias := self._models.alias(request)) is not None:
                return alias
        choice = self._chooser.choose(request)
        journey = self._journey(choice, request, ask_whole, _keep_none)
        try:
            answered = await journey.run()
        except BaseException as error:
            self._raised(error, choice, request)
            raise
        self._answered(answered, choice, request)
        if (tell := self._tools.emit_each) is not None:
            RequestLedger(request, choice.route.name, tell).completed(answered.deployment.name)
        return answered.answer

    async def stream(self, request: ModelRequest) -> ModelStream:
        """The answer in flight; raises as `send` does, until the answer has content."""
        choice = self._chooser.choose(request)
        journey = self._journey(choice, request, ask_stream, ModelStream.aclose)
        try:
            answered = await journey.run()
        except BaseException as error:
            self._raised(error, choice, request)
            raise
        self._answered(answered, choice, request)
        if (tell := self._tools.emit_each) is not None:
            ledger = RequestLedger(request, choice.route.name, tell)
            ledger.follow(answered.answer, answered.deployment.name)
        return answered.answer

    def explain(self, request: ModelRequest, *, down: Collection[str] = ()) -> Explanation:
        """What would be done with a request now, and why. Nobody is asked, nothing changes.

        Args:
            request: the request; one that asks for the list of all models goes by no rule.
            down: providers that are taken not to be there.

        Raises:
            RequestError: as `send` does, for what the client names that there is not.
        """
        choice = self._chooser.choose(request)
        held = self._held.of(request) if choice.route.has_choice else None
        explaining = Explaining(
            choice=choice,
            rules=self._chooser.checks(request),
            first=None if held is None or held.rule != choice.route.name else held.deployment,
            down=down,
        )
        return explaining.explanation(request)

    def snapshot(self) -> Sequence[ProviderSnapshot]:
        """How the providers fare."""
        return self._states.snapshot()

    def lacks(self, request: ModelRequest) -> str | None:
        """Why none of the route's deployments can serve a request; None when one can."""
        try:
            route = self._chooser.choose(request).route
        except RequestError as error:
            return error.details.message
        reasons = [one.lacks(request) for tier in route.tiers for one in tier.deployments]
        return None if None in reasons else reasons[0]

    def _journey(
        self,
        choice: Choice,
        asked: ModelRequest,
        ask: "Ask[Answer]",
        discard: Callable[[Answer], Awaitable[None]],
    ) -> Journey[Answer]:
        route, request = choice.route, choice.request
        context = asked.context
        held = self._held.held(request) if route.has_choice else None
        first = held.deployment if held is not None and held.rule == route.name else None
        return Journey(
            route=route,
            request=request,
            context=context,
            candidates=Candidates(route=route, request=request, first=first),
            ask=ask,
            discard=discard,
            tools=self._tools,
            started=self.clock(),
            given=context.deadlines,
        )

    def _raised(self, error: BaseException, choice: Choice, asked: ModelRequest) -> None:
        # Of nested Routers it is the outer one's that is told.
        asked.context.route = choice.route.name
        if (tell := self._tools.emit_each) is not None:
            RequestLedger(asked, choice.route.name, tell).raised(error)

    def _answered(self, answered: Answered[Any], choice: Choice, asked: ModelRequest) -> None:
        asked.context.route = choice.route.name
        if answered.switch is not None and choice.request.operation is Operation.GENERATE:
            # The turns of a tool loop stay where it has led.
            session = asked.context.session_id
            self._held.hold(session, choice.route.name, answered.deployment.label)

    def _emit(self, event: RoutingEvent) -> None:
        for observer in self.observers:
            observer.observe(event)

    def _emit_each(self, event: RoutingEvent) -> None:
        for observer in self.observers:
            if observer.hears_each:
                observer.observe(event)


async def _keep_none(_response: ModelResponse) -> None:
    """A whole answer holds nothing that would have to be let go."""
