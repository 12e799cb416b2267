import pytest

from lunaroute_server.config import ProviderConfig
from lunaroute_server.config.destination_checks import DestinationChecks
from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.resilience import CooldownConfig
from lunaroute_server.config.routing_rule import (
    AliasConfig,
    RuleConfig,
    StrategyConfig,
    TargetConfig,
)

PROVIDERS = {
    "a": ProviderConfig(type="openai"),
    "b": ProviderConfig(type="anthropic"),
    "off": ProviderConfig(type="openai", enabled=False),
}
ALIASES = {
    "fast": AliasConfig(primary="a"),
    "round": AliasConfig(alias="about"),
    "about": AliasConfig(alias="round"),
    "self": AliasConfig(alias="self"),
}


def problems(rule):
    checks = DestinationChecks(providers=PROVIDERS, aliases=ALIASES)
    return {format_path(each.path): each.reason for each in checks.problems(rule, ("r",))}


def weighted(*targets):
    return StrategyConfig(type="weighted-round-robin", providers=targets)


@pytest.mark.parametrize(
    "rule",
    [
        RuleConfig(primary="a", fallbacks=("b", "a/gpt-5", "a/gpt-4")),
        RuleConfig(primary=TargetConfig(provider="a", model="m")),
        RuleConfig(alias="fast", fallbacks=("b",)),
        RuleConfig(primary="a", strategy=StrategyConfig(type="sticky", providers=("a", "b"))),
        RuleConfig(
            strategy=StrategyConfig(
                type="limits-alternative",
                primary_providers=("a",),
                alternative_providers=("a/small", "b"),
                exponential_backoff_base_secs=60,
            ),
            cooldown=CooldownConfig(default_secs=60),
        ),
        RuleConfig(
            strategy=weighted(
                TargetConfig(provider="a", weight=0), TargetConfig(provider="b", weight=1)
            )
        ),
        AliasConfig(alias="fast"),
    ],
)
def test_a_rule_that_leads_somewhere_is_right(rule):
    assert problems(rule) == {}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (RuleConfig(), {"r": 'needs one of "primary", "strategy" and "alias"'}),
        (
            RuleConfig(fallbacks=("a",)),
            {"r": 'needs one of "primary", "strategy" and "alias"'},
        ),
        (
            RuleConfig(primary="a", alias="fast"),
            {"r.alias": 'contradicts "primary" and "strategy"'},
        ),
        (RuleConfig(alias="slow"), {"r.alias": 'there is no alias "slow"'}),
        (AliasConfig(alias="round"), {"r.alias": "leads back to itself"}),
        (AliasConfig(alias="self"), {"r.alias": "leads back to itself"}),
        (RuleConfig(primary="c"), {"r.primary": 'there is no provider "c", only a, b, off'}),
        (RuleConfig(primary="off"), {"r.primary": 'provider "off" is not enabled'}),
        (RuleConfig(primary="a/"), {"r.primary": "names no model after the slash"}),
        (
            RuleConfig(primary="a", fallbacks=("b", "gpt-5/x")),
            {"r.fallbacks[1]": 'there is no provider "gpt-5", only a, b, off'},
        ),
        (RuleConfig(primary="a", fallbacks=("b", "b")), {"r.fallbacks[1]": "is here twice"}),
        (
            RuleConfig(strategy=StrategyConfig(type="round-robin")),
            {"r.strategy.providers": "must name at least one provider"},
        ),
        (
            RuleConfig(
                strategy=StrategyConfig(
                    type="limits-alternative", primary_providers=("a",), providers=("b",)
                )
            ),
            {
                "r.strategy.alternative_providers": "must name at least one provider",
                "r.strategy.providers": (
                    'has no effect with a strategy of type "limits-alternative"'
                ),
            },
        ),
        (
            RuleConfig(
                strategy=StrategyConfig(
                    type="least-busy",
                    providers=("a",),
                    primary_providers=("b",),
                    exponential_backoff_base_secs=5,
                )
            ),
            {
                "r.strategy.primary_providers": (
                    'has no effect with a strategy of type "least-busy"'
                ),
                "r.strategy.exponential_backoff_base_secs": (
                    'has no effect with a strategy of type "least-busy"'
                ),
            },
        ),
        (
            RuleConfig(
                strategy=StrategyConfig(
                    type="limits-alternative",
                    primary_providers=("a",),
                    alternative_providers=("b",),
                    exponential_backoff_base_secs=5,
                ),
                cooldown=CooldownConfig(default_secs=6),
            ),
            {
                "r.strategy.exponential_backoff_base_secs": (
                    'contradicts the rule\'s "cooldown.default_secs"'
                )
            },
        ),
        (
            RuleConfig(
                strategy=weighted(
                    TargetConfig(provider="a", weight=0), TargetConfig(provider="b", weight=0)
                )
            ),
            {"r.strategy.providers": "the weights must not all be 0"},
        ),
        (
            RuleConfig(primary=TargetConfig(provider="a", weight=1)),
            {"r.primary.weight": "has an effect only with weighted-round-robin and sticky"},
        ),
        (
            RuleConfig(
                strategy=StrategyConfig(
                    type="round-robin", providers=("a", TargetConfig(provider="b", weight=2))
                )
            ),
            {
                "r.strategy.providers[1].weight": (
                    "has an effect only with weighted-round-robin and sticky"
                )
            },
        ),
    ],
)
def test_what_leads_nowhere_is_named(rule, expected):
    assert problems(rule) == expected
