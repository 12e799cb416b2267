"""A table's rules as routes, with the providers that a Router has."""

from collections.abc import Iterable, Iterator, Mapping

from attrs import define, field

from lunaroute_core import ConfigurationError, Provider
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.provider_states import ProviderStates
from lunaroute_routing.retry_budget import RetryBudget
from lunaroute_routing.route import Route, RouteTier
from lunaroute_routing.route_table import RouteTable
from lunaroute_routing.rule import Rule, Tier
from lunaroute_routing.rule_index import RuleIndex
from lunaroute_routing.settings import RoutingSettings
from lunaroute_routing.target import Target


@define(kw_only=True, eq=False)
class CompiledRoutes:
    """Everything that is prepared before the first request.

    Raises:
        ConfigurationError: a rule leads to a provider that there is not, or cannot be read.
    """

    table: RouteTable
    providers: Mapping[str, Provider]
    states: ProviderStates
    index: RuleIndex = field(init=False)
    own: dict[str, Route] = field(factory=dict[str, Route], init=False)
    """By dialect, the routes for its own vendor's clients."""
    _routes: dict[str, Route] = field(factory=dict[str, Route], init=False)
    _direct: dict[str, Route] = field(factory=dict[str, Route], init=False)
    _retries: dict[tuple[str, float], RetryBudget] = field(
        factory=dict[tuple[str, float], RetryBudget], init=False
    )

    def __attrs_post_init__(self) -> None:
        self.index = RuleIndex(self.table.rules)
        self._check()
        for rule in self.table.rules:
            self._routes[rule.name] = self._route(rule)
        for name in self.providers:
            settings = self.table.provider_settings.get(name)
            tier = Tier(targets=(Target(provider=name),))
            self._direct[name] = self._route(Rule(name=name, tiers=(tier,), settings=settings))
        for dialect in DIALECTS.values():
            name = self.table.defaults.get(dialect.vendor.name)
            if name is not None:
                self.own[dialect.name] = self._direct[name]
        self.states.retain(self._used())

    def of(self, rule: Rule) -> Route:
        """The route of one of the table's rules."""
        return self._routes[rule.name]

    def to(self, provider: str) -> Route | None:
        """The route to one provider alone; None when there is no such provider."""
        return self._direct.get(provider)

    def named(self, name: str) -> Route | None:
        """The route of the rule of that name."""
        return self._routes.get(name)

    @property
    def names(self) -> Iterable[str]:
        """The names of all rules."""
        return self._routes

    @property
    def first(self) -> Route:
        """The route to the first provider."""
        return next(iter(self._direct.values()))

    def _check(self) -> None:
        """Before the first route is made: a table that is wrong leaves nothing behind."""
        known = ", ".join(self.providers)
        for rule in self.table.rules:
            for target in (target for tier in rule.tiers for target in tier.targets):
                if target.provider not in self.providers:
                    raise ConfigurationError(
                        f'there is no provider "{target.provider}", only {known}',
                        path=f"rule {rule.name}",
                    )
        for vendor, name in self.table.defaults.items():
            if name not in self.providers:
                raise ConfigurationError(
                    f'there is no provider "{name}"', path=f"defaults.{vendor}"
                )

    def _used(self) -> Iterator[tuple[str, RoutingSettings]]:
        for route in (*self._routes.values(), *self._direct.values()):
            for tier in route.tiers:
                for deployment in tier.deployments:
                    yield deployment.name, deployment.settings

    def _route(self, rule: Rule) -> Route:
        settings = rule.settings or self.table.settings
        hedge = settings.hedge
        return Route(
            name=rule.name,
            tiers=tuple(self._tier(rule, tier) for tier in rule.tiers if tier.targets),
            settings=settings,
            notification=self.table.notification,
            prices=self.table.prices,
            hedges=RetryBudget(hedge.max_extra_ratio, self.states.clock, reserve=1),
        )

    def _tier(self, rule: Rule, tier: Tier) -> RouteTier:
        deployments = tuple(self._deployment(rule, target) for target in tier.targets)
        return RouteTier(role=tier.role, strategy=tier.strategy, deployments=deployments)

    def _deployment(self, rule: Rule, target: Target) -> Deployment:
        settings = self._settings(rule, target.provider)
        return Deployment(
            target=target,
            provider=self.providers[target.provider],
            state=self.states.of(target.provider, settings),
            settings=settings,
            retries=self._budget(target.provider, settings.retry.budget_ratio),
        )

    def _settings(self, rule: Rule, provider: str) -> RoutingSettings:
        table = self.table
        return (
            rule.provider_settings.get(provider)
            or rule.settings
            or table.provider_settings.get(provider)
            or table.settings
        )

    def _budget(self, provider: str, ratio: float) -> RetryBudget:
        key = (provider, ratio)
        if key not in self._retries:
            self._retries[key] = RetryBudget(ratio, self.states.clock)
        return self._retries[key]
