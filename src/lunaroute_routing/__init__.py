"""Choosing the provider that answers a request.

`Router` is a Provider made of Providers; the rest is what it is told.
"""

from lunaroute_routing.deployment import Deployment
from lunaroute_routing.events import (
    AttemptEnded,
    BreakerChanged,
    CooledDown,
    FellBack,
    HealthChanged,
    RequestEnded,
    RoutingEvent,
    RoutingObserver,
)
from lunaroute_routing.explanation import (
    CandidateExplanation,
    Explanation,
    RequestSummary,
    TierExplanation,
)
from lunaroute_routing.prices import PriceList
from lunaroute_routing.route_table import RouteTable
from lunaroute_routing.router import Router
from lunaroute_routing.rule import Match, Rule, Tier
from lunaroute_routing.rule_index import RuleCheck
from lunaroute_routing.settings import (
    BreakerSettings,
    CooldownSettings,
    HealthSettings,
    HedgeSettings,
    RetrySettings,
    RoutingSettings,
    TimeoutSettings,
)
from lunaroute_routing.snapshot import CooldownSnapshot, ProviderSnapshot
from lunaroute_routing.strategies import (
    Cheapest,
    LeastBusy,
    LeastLatency,
    Ordered,
    RoundRobin,
    SmoothWeighted,
    Sticky,
)
from lunaroute_routing.strategy import Strategy
from lunaroute_routing.switch_notification import SwitchNotification
from lunaroute_routing.target import Target

__all__ = [
    "AttemptEnded",
    "BreakerChanged",
    "BreakerSettings",
    "CandidateExplanation",
    "Cheapest",
    "CooldownSettings",
    "CooldownSnapshot",
    "CooledDown",
    "Deployment",
    "Explanation",
    "FellBack",
    "HealthChanged",
    "HealthSettings",
    "HedgeSettings",
    "LeastBusy",
    "LeastLatency",
    "Match",
    "Ordered",
    "PriceList",
    "ProviderSnapshot",
    "RequestEnded",
    "RequestSummary",
    "RetrySettings",
    "RoundRobin",
    "RouteTable",
    "Router",
    "RoutingEvent",
    "RoutingObserver",
    "RoutingSettings",
    "Rule",
    "RuleCheck",
    "SmoothWeighted",
    "Sticky",
    "Strategy",
    "SwitchNotification",
    "Target",
    "Tier",
    "TierExplanation",
    "TimeoutSettings",
]
