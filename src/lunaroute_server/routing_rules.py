"""From the rules and aliases of a configuration to those that a Router goes by."""

from collections.abc import Callable, Iterator, Mapping

from attrs import frozen

from lunaroute_core import Price
from lunaroute_routing.prices import PriceList
from lunaroute_routing.rule import Match, Rule, Tier
from lunaroute_routing.strategies.cheapest import Cheapest
from lunaroute_routing.strategies.least_busy import LeastBusy
from lunaroute_routing.strategies.least_latency import LeastLatency
from lunaroute_routing.strategies.ordered import Ordered
from lunaroute_routing.strategies.round_robin import RoundRobin
from lunaroute_routing.strategies.smooth_weighted import SmoothWeighted
from lunaroute_routing.strategies.sticky import Sticky
from lunaroute_routing.strategy import Strategy
from lunaroute_routing.target import Target
from lunaroute_server.config import Config
from lunaroute_server.config.resolution import resolved
from lunaroute_server.config.routing_rule import (
    AliasConfig,
    MatchConfig,
    RuleConfig,
    StrategyType,
    TargetConfig,
    listed,
    rule_name,
)
from lunaroute_server.config.rule_tiers import TierConfig, rule_chain, rule_tiers


@frozen(kw_only=True)
class RuleBuilder:
    """Makes the rules of a configuration.

    Attributes:
        prices: what the strategy `cheapest` goes by where a target has no price of its own.
    """

    config: Config
    prices: PriceList | None = None

    def rules(self) -> Iterator[Rule]:
        """The configured rules, and one for each alias."""
        routing = self.config.routing
        for position, rule in enumerate(routing.rules):
            yield self._rule(rule_name(rule, position), rule, _match(rule.match))
        for name, alias in routing.aliases.items():
            yield self._rule(name, alias, Match(models=(name,)))

    def _rule(self, name: str, rule: RuleConfig | AliasConfig, match: Match) -> Rule:
        aliases = self.config.routing.aliases
        tiers = rule_tiers(rule, aliases)
        names = [target.provider for tier in tiers for target in tier.targets]
        rules = rule_chain(rule, aliases)
        settings = {
            name: resolved(self.config.routing, provider=self.config.providers[name], rules=rules)
            for name in names
        }
        return Rule(
            name=name,
            tiers=tuple(self._tier(tier) for tier in tiers),
            match=match,
            priority=rule.priority,
            # What concerns the whole route, such as its deadline, the first provider says.
            settings=settings[names[0]],
            provider_settings=settings,
        )

    def _tier(self, tier: TierConfig) -> Tier:
        return Tier(
            targets=tuple(_target(target) for target in tier.targets),
            strategy=self._strategy(tier.strategy),
            role=tier.role,
        )

    def _strategy(self, kind: StrategyType) -> Strategy:
        return Cheapest(prices=self.prices) if kind == "cheapest" else _STRATEGIES[kind]()


_STRATEGIES: Mapping[StrategyType, Callable[[], Strategy]] = {
    "ordered": Ordered,
    "round-robin": RoundRobin,
    "weighted-round-robin": SmoothWeighted,
    "least-latency": LeastLatency,
    "least-busy": LeastBusy,
    "sticky": Sticky,
}


def _target(target: TargetConfig) -> Target:
    price = target.price
    return Target(
        provider=target.provider,
        model=target.model,
        weight=1 if target.weight is None else target.weight,
        price=None if price is None else Price(input=price.input, output=price.output),
    )


def _match(match: MatchConfig) -> Match:
    return Match(
        dialects=tuple(name.lower() for name in listed(match.dialect)),
        models=listed(match.model),
        model_glob=match.model_glob,
        model_pattern=match.model_pattern,
        headers={name.lower(): pattern for name, pattern in match.headers.items()},
        query=match.query,
        paths=listed(match.path),
        stream=match.stream,
        min_input_tokens=match.min_input_tokens,
        max_input_tokens=match.max_input_tokens,
        has_tools=match.has_tools,
        has_images=match.has_images,
        tags=listed(match.tag),
        override=True if match.type == "override" else match.override,
    )
