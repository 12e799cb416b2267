import pytest

from lunaroute_server.config import Config, ProviderConfig, RoutingConfig
from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.resilience import CooldownConfig, HealthConfig, RetryConfig
from lunaroute_server.config.resilience_checks import resilience_problems
from lunaroute_server.config.routing_rule import AliasConfig, RuleConfig


def problems(routing=None, **provider):
    config = Config(
        providers={"a": ProviderConfig(type="openai", **provider)},
        routing=routing or RoutingConfig(),
    )
    return {format_path(each.path): each.reason for each in resilience_problems(config)}


@pytest.mark.parametrize(
    ("section", "path", "reason"),
    [
        (
            {"health": HealthConfig(unhealthy_threshold=0.96)},
            "health.unhealthy_threshold",
            "must not be more than healthy_threshold, which is 0.95",
        ),
        (
            {"health": HealthConfig(healthy_threshold=0.5)},
            "health.healthy_threshold",
            "must not be less than unhealthy_threshold, which is 0.75",
        ),
        (
            {"cooldown": CooldownConfig(default_secs=9, max_secs=8)},
            "cooldown.default_secs",
            "must not be more than max_secs, which is 8",
        ),
        (
            {"retry": RetryConfig(max_ms=50)},
            "retry.max_ms",
            "must not be less than base_ms, which is 100",
        ),
    ],
)
def test_values_out_of_order_are_named_at_their_level(section, path, reason):
    assert problems(RoutingConfig(**section)) == {f"routing.{path}": reason}
    assert problems(**section) == {f"providers.a.{path}": reason}
    rule = RoutingConfig(rules=(RuleConfig(primary="a", **section),))
    assert problems(rule) == {f"routing.rules[0].{path}": reason}
    alias = RoutingConfig(aliases={"x": AliasConfig(primary="a", **section)})
    assert problems(alias) == {f"routing.aliases.x.{path}": reason}


def test_a_rules_values_are_seen_together_with_those_of_its_providers():
    rule = RuleConfig(primary="a", health=HealthConfig(unhealthy_threshold=0.8))
    found = problems(
        RoutingConfig(rules=(rule,)),
        health=HealthConfig(healthy_threshold=0.78),
    )
    assert found == {
        "routing.rules[0].health.unhealthy_threshold": (
            "must not be more than healthy_threshold, which is 0.78"
        )
    }


def test_a_level_around_may_be_mended_further_in():
    routing = RoutingConfig(health=HealthConfig(healthy_threshold=0.9, unhealthy_threshold=0.9))
    assert problems(routing, health=HealthConfig(unhealthy_threshold=0.1)) == {}
