"""Which route a request takes, and why."""

from collections.abc import Sequence
from typing import Literal

from attrs import define
from msgspec import Struct
from msgspec.structs import replace

from lunaroute_core import (
    ErrorDetails,
    ErrorKind,
    ModelRequest,
    Operation,
    RequestError,
)
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_routing.compiled_routes import CompiledRoutes
from lunaroute_routing.naming import unknown_provider, unknown_route
from lunaroute_routing.route import Route
from lunaroute_routing.route_marker import take_marker
from lunaroute_routing.rule_index import RuleCheck

ChosenBy = Literal["provider", "route", "marker", "prefix", "rule", "default"]


class Choice(Struct, frozen=True):
    """A route, the request as it goes on, and what chose the route.

    `provider` and `route` are the client's words in a header or the query, `marker` in a
    message, `prefix` in the model's name.
    """

    route: Route
    request: ModelRequest
    chosen_by: ChosenBy


@define(kw_only=True, eq=False)
class Chooser:
    """Chooses by what the client says outright, then by rules, then by the client's vendor."""

    routes: CompiledRoutes

    def choose(self, request: ModelRequest) -> Choice:
        """
        Raises:
            InvalidRequestError: the client names a provider or a route that there is not.
            RequestError: no provider serves the client's vendor.
        """
        marked, request = take_marker(request)
        context = request.context
        if context.provider_override is not None or context.route_override is not None:
            return self._by_client(request)
        if marked is not None and (choice := self._by_marker(marked, request)) is not None:
            return choice
        if "/" in request.model and (choice := self._by_prefix(request)) is not None:
            return choice
        if (rule := self.routes.index.match(request)) is not None:
            return Choice(self.routes.of(rule), request, "rule")
        own = self.routes.own.get(context.client_dialect)
        return Choice(own or self._without_own(request), request, "default")

    def checks(self, request: ModelRequest) -> Sequence[RuleCheck]:
        """What becomes of each rule, in the order in which they are tried."""
        _, request = take_marker(request)
        return self.routes.index.explain(request)

    def _by_client(self, request: ModelRequest) -> Choice:
        routes, context = self.routes, request.context
        # Said to this Router: another one behind it has other names.
        obeyed = replace(context, provider_override=None, route_override=None)
        request = request.with_context(obeyed)
        if (name := context.provider_override) is not None:
            route = routes.to(name)
            if route is None:
                raise unknown_provider(name, routes.providers)
            prefix, slash, model = request.model.partition("/")
            if slash and model and prefix == name:
                request = request.with_model(model)
            return Choice(route, request, "provider")
        name = context.route_override or ""
        route = routes.named(name) or routes.to(name)
        if route is None:
            raise unknown_route(name, (*routes.names, *routes.providers))
        return Choice(route, request, "route")

    def _by_marker(self, name: str, request: ModelRequest) -> Choice | None:
        """A name that nothing has is as if it were not there: it is part of a conversation."""
        route = self.routes.to(name) or self.routes.named(name)
        return None if route is None else Choice(route, request, "marker")

    def _by_prefix(self, request: ModelRequest) -> Choice | None:
        prefix, slash, model = request.model.partition("/")
        route = self.routes.to(prefix) if slash and model else None
        return None if route is None else Choice(route, request.with_model(model), "prefix")

    def _without_own(self, request: ModelRequest) -> Route:
        """For clients of a vendor that has no provider of its own."""
        if request.operation is Operation.FORWARD:
            vendor = dialect_named(request.context.client_dialect).vendor.name
            raise RequestError(
                ErrorDetails(
                    kind=ErrorKind.NOT_FOUND, message=f"no provider serves {vendor}'s clients"
                )
            )
        return self.routes.first
