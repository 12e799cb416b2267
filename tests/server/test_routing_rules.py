"""Each key of a rule is found again in the rule that a Router goes by."""

import pytest

from lunaroute_core import Price
from lunaroute_routing import Match, Target
from lunaroute_server.config import config_from_mapping
from lunaroute_server.routing_rules import RuleBuilder

PROVIDERS = {name: {"type": "openai"} for name in ("a", "b", "c")}


def rules(*written, prices=None, **routing):
    config = config_from_mapping(
        {"providers": PROVIDERS, "routing": {"rules": [*written], **routing}}
    )
    return [*RuleBuilder(config=config, prices=prices).rules()]


def rule(**written):
    return rules({"primary": "a", **written})[0]


def places(made):
    """Each tier as its role, kind of strategy and targets."""
    return [
        (tier.role, type(tier.strategy).__name__, [str(target) for target in tier.targets])
        for tier in made.tiers
    ]


@pytest.mark.parametrize(
    ("written", "match"),
    [
        ({}, Match()),
        ({"always": True}, Match()),
        ({"type": "always"}, Match()),
        ({"type": "override"}, Match(override=True)),
        ({"override": False}, Match(override=False)),
        ({"type": "listener", "listener": "Anthropic"}, Match(dialects=("anthropic",))),
        ({"dialect": ["openai_chat", "anthropic"]}, Match(dialects=("openai_chat", "anthropic"))),
        ({"model": "m"}, Match(models=("m",))),
        ({"model": ["m", "n"]}, Match(models=("m", "n"))),
        ({"model_glob": "m*"}, Match(model_glob="m*")),
        ({"type": "model", "pattern": "^m"}, Match(model_pattern="^m")),
        ({"headers": {"X-Team": "^b"}}, Match(headers={"x-team": "^b"})),
        ({"query": {"Beta": "true"}}, Match(query={"Beta": "true"})),
        ({"path": "/v1/messages"}, Match(paths=("/v1/messages",))),
        ({"stream": False}, Match(stream=False)),
        (
            {"min_input_tokens": 1, "max_input_tokens": 9},
            Match(min_input_tokens=1, max_input_tokens=9),
        ),
        ({"has_tools": True, "has_images": False}, Match(has_tools=True, has_images=False)),
        ({"tag": "night"}, Match(tags=("night",))),
    ],
)
def test_what_a_rule_takes(written, match):
    assert rule(matcher=written).match == match


def test_rules_keep_their_order_names_and_priorities():
    made = rules({"primary": "a", "name": "x", "priority": 3}, {"primary": "b"})
    assert [(one.name, one.priority) for one in made] == [("x", 3), ("rule_10_1", 10)]


def test_where_a_rule_leads():
    made = rule(primary="a/gpt-5", fallbacks=["b", {"provider": "c", "model": "m"}])
    assert places(made) == [
        ("primary", "Ordered", ["a/gpt-5"]),
        ("fallback", "Ordered", ["b", "c/m"]),
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ordered", "Ordered"),
        ("round-robin", "RoundRobin"),
        ("weighted-round-robin", "SmoothWeighted"),
        ("least-latency", "LeastLatency"),
        ("least-busy", "LeastBusy"),
        ("cheapest", "Cheapest"),
        ("sticky", "Sticky"),
    ],
)
def test_each_strategy_is_made(written, name):
    made = rule(strategy={"type": written, "providers": ["b", "a"]})
    assert places(made) == [("primary", name, ["b", "a"])]


def test_a_strategy_serves_one_tier_only():
    strategy = {"type": "round-robin", "providers": ["a", "b"]}
    one, other = rules(
        {"strategy": strategy}, {"alias": "x"}, aliases={"x": {"strategy": strategy}}
    )[:2]
    assert one.tiers[0].strategy is not other.tiers[0].strategy


def test_limits_alternative_is_two_tiers():
    limits = {
        "type": "limits-alternative",
        "primary_providers": ["a", "b"],
        "alternative_providers": ["c"],
        "exponential_backoff_base_secs": 30,
    }
    made = rule(strategy=limits, fallbacks=["a/small"])
    assert places(made) == [
        ("primary", "Ordered", ["a", "b"]),
        ("alternative", "Ordered", ["c"]),
        ("fallback", "Ordered", ["a/small"]),
    ]
    assert {one.cooldown.default_secs for one in made.provider_settings.values()} == {30}


def test_weights_and_prices_are_the_targets():
    price = {"input": 1, "output": 2}
    providers = [{"id": "a", "weight": 80}, {"id": "b", "price": price}]
    made = rule(strategy={"type": "weighted-round-robin", "providers": providers})
    assert made.tiers[0].targets == (
        Target(provider="a", weight=80),
        Target(provider="b", price=Price(input=1, output=2)),
    )


def test_the_cheapest_asks_the_price_list():
    class Prices:
        def price(self, provider, model):
            return None

    prices = Prices()
    strategy = {"type": "cheapest", "providers": ["a", "b"]}
    (made,) = rules({"strategy": strategy}, prices=prices)
    assert made.tiers[0].strategy.prices is prices


def test_an_alias_is_a_rule_for_its_name_before_the_others():
    alias = {"primary": "a/gpt-5", "fallbacks": ["b"]}
    first, second = rules({"alias": "fast"}, aliases={"fast": alias})
    assert (second.name, second.match, second.priority) == ("fast", Match(models=("fast",)), 1000)
    assert places(first) == places(second) != []


def test_settings_are_resolved_for_each_provider_of_a_rule():
    config = config_from_mapping(
        {
            "providers": {
                "a": {"type": "openai", "retry": {"max_retries": 1}},
                "b": {"type": "openai", "timeouts": {"idle_secs": 5}},
            },
            "routing": {
                "retry": {"max_retries": 4},
                "rules": [{"primary": "a", "fallbacks": ["b"], "hedge": {"enabled": True}}],
            },
        }
    )
    (made,) = RuleBuilder(config=config).rules()
    one, other = made.provider_settings["a"], made.provider_settings["b"]
    assert (one.retry.max_retries, other.retry.max_retries) == (1, 4)
    assert (one.timeouts.idle_secs, other.timeouts.idle_secs) == (None, 5)
    assert one.hedge.enabled
    assert other.hedge.enabled
    assert made.settings == one


def test_what_an_alias_says_of_failures_holds_for_a_rule_that_uses_it():
    aliases = {"x": {"primary": "a", "retry": {"max_retries": 1, "base_ms": 7}}}
    made = rules({"alias": "x", "retry": {"max_retries": 2}}, aliases=aliases)[0]
    retry = made.provider_settings["a"].retry
    assert (retry.max_retries, retry.base_ms) == (2, 7)
