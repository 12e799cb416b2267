import pytest

from lunaroute_server.config.routing_rule import (
    AliasConfig,
    RuleConfig,
    StrategyConfig,
    TargetConfig,
)
from lunaroute_server.config.rule_tiers import TierConfig, rule_chain, rule_tiers


def tier(role, *names, strategy="ordered"):
    targets = tuple(TargetConfig(provider=name) for name in names)
    return TierConfig(role=role, targets=targets, strategy=strategy)


def test_a_primary_is_asked_before_its_fallbacks():
    rule = RuleConfig(primary="a", fallbacks=("b", "c"))
    assert rule_tiers(rule, {}) == [tier("primary", "a"), tier("fallback", "b", "c")]


def test_a_strategy_goes_before_a_primary():
    strategy = StrategyConfig(type="round-robin", providers=("b", "c"))
    rule = RuleConfig(primary="a", strategy=strategy)
    assert rule_tiers(rule, {}) == [tier("primary", "b", "c", strategy="round-robin")]


def test_alternatives_are_asked_after_the_primary_ones_and_before_fallbacks():
    strategy = StrategyConfig(
        type="limits-alternative", primary_providers=("a", "b"), alternative_providers=("c",)
    )
    assert rule_tiers(RuleConfig(strategy=strategy, fallbacks=("d",)), {}) == [
        tier("primary", "a", "b"),
        tier("alternative", "c"),
        tier("fallback", "d"),
    ]


def test_an_alias_is_followed_and_the_rules_fallbacks_come_last():
    aliases = {
        "fast": AliasConfig(alias="small", fallbacks=("b",)),
        "small": AliasConfig(primary="a"),
    }
    rule = RuleConfig(alias="fast", fallbacks=("c",))
    assert rule_chain(rule, aliases) == [aliases["small"], aliases["fast"], rule]
    assert rule_tiers(rule, aliases) == [
        tier("primary", "a"),
        tier("fallback", "b"),
        tier("fallback", "c"),
    ]


def test_nobody_is_asked_twice():
    aliases = {"fast": AliasConfig(primary="a", fallbacks=("b",))}
    rule = RuleConfig(alias="fast", fallbacks=("b", "a", "a/small"))
    small = TargetConfig(provider="a", model="small")
    assert rule_tiers(rule, aliases) == [
        tier("primary", "a"),
        tier("fallback", "b"),
        TierConfig(role="fallback", targets=(small,)),
    ]
    assert rule_tiers(RuleConfig(primary="a", fallbacks=("a",)), {}) == [tier("primary", "a")]


@pytest.mark.parametrize("target", ["round", "nobody"])
def test_an_alias_that_leads_nowhere_ends_the_chain(target):
    aliases = {"round": AliasConfig(alias="about"), "about": AliasConfig(alias="round")}
    rule = RuleConfig(alias=target)
    assert rule_chain(rule, aliases)[-1] is rule
    assert rule_tiers(rule, aliases) == []
