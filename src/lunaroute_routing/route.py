"""A rule, made ready: its targets as deployments."""

from collections.abc import Sequence

from attrs import define, field

from lunaroute_routing.deployment import Deployment
from lunaroute_routing.prices import PriceList
from lunaroute_routing.retry_budget import RetryBudget
from lunaroute_routing.rule import TierRole
from lunaroute_routing.settings import RoutingSettings
from lunaroute_routing.strategy import Strategy
from lunaroute_routing.switch_notification import SwitchNotification


@define(kw_only=True, eq=False)
class RouteTier:
    """Deployments among which a strategy chooses."""

    role: TierRole
    strategy: Strategy
    deployments: Sequence[Deployment]


@define(kw_only=True, eq=False)
class Route:
    """Where the requests of one rule go.

    Attributes:
        settings: what holds for the route as a whole: its total deadline, hedging, commit point.
        notification: what is told when another provider than the one that was meant answers.
        prices: what its models cost, for the events.
        hedges: how often a second deployment may be asked beside a slow one.
        has_choice: whether there is more than one deployment.
    """

    name: str
    tiers: Sequence[RouteTier]
    settings: RoutingSettings
    notification: SwitchNotification | None
    prices: PriceList | None
    hedges: RetryBudget
    has_choice: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.has_choice = sum(len(tier.deployments) for tier in self.tiers) > 1
