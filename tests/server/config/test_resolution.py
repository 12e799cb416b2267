"""A rule goes before its provider, that before `routing`, and that before the defaults."""

import pytest
from msgspec.structs import fields

from lunaroute_routing.settings import RoutingSettings
from lunaroute_server.config import HttpClientConfig, ProviderConfig, RoutingConfig
from lunaroute_server.config.resilience import CooldownConfig, RetryConfig
from lunaroute_server.config.resolution import SECTIONS, resolved
from lunaroute_server.config.routing_rule import AliasConfig, RuleConfig, StrategyConfig

KINDS = {each.name: each.default for each in fields(RoutingConfig)}
KEYS = [(section, key) for section in SECTIONS for key in type(KINDS[section]).__struct_fields__]


def section(name, key, value):
    return {name: type(KINDS[name])(**{key: value})}


def provider(**sections):
    return ProviderConfig(type="openai", **sections)


def values(key):
    """Three values for a key, none of which is its default."""
    return (True, False, True) if key == "enabled" else (0.11, 0.12, 0.13)


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_each_key_is_taken_from_the_innermost_level_that_has_it(name, key):
    outer, middle, inner = values(key)
    routing = RoutingConfig(**section(name, key, outer))
    own = provider(**section(name, key, middle))
    rule = RuleConfig(**section(name, key, inner))

    def found(*, with_provider=False, with_rule=False):
        settings = resolved(
            routing,
            provider=own if with_provider else provider(),
            rules=[rule] if with_rule else [RuleConfig()],
        )
        return getattr(getattr(settings, SECTIONS[name]), key)

    assert found() == outer
    assert found(with_provider=True) == middle
    assert found(with_rule=True) == inner
    assert found(with_provider=True, with_rule=True) == inner


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_a_key_leaves_all_others_as_they_are(name, key):
    value = values(key)[0]
    changed = resolved(RoutingConfig(), provider=provider(**section(name, key, value)))
    for each in fields(RoutingSettings):
        now, before = getattr(changed, each.name), getattr(RoutingSettings(), each.name)
        if each.name != SECTIONS[name]:
            assert now == before
            continue
        others = [one for one in now.__struct_fields__ if one != key]
        assert [getattr(now, one) for one in others] == [getattr(before, one) for one in others]


def test_every_setting_has_a_key():
    for name, inner in SECTIONS.items():
        settings = type(getattr(RoutingSettings(), inner))
        assert settings.__struct_fields__ == type(KINDS[name]).__struct_fields__
    assert {*SECTIONS.values(), "commit_after_secs"} == set(RoutingSettings.__struct_fields__)


def test_nothing_said_is_the_defaults():
    assert resolved(RoutingConfig(), provider=provider(), rules=[RuleConfig()]) == RoutingSettings()


def test_the_commit_point_is_the_tables():
    assert resolved(RoutingConfig(commit_after_secs=3)).commit_after_secs == 3


def test_a_level_may_say_what_the_default_is():
    routing = RoutingConfig(retry=RetryConfig(max_retries=2))
    own = provider(retry=RetryConfig(max_retries=0))
    assert resolved(routing, provider=own).retry.max_retries == 0


def test_retries_may_stand_where_the_original_has_them():
    own = provider(http_client=HttpClientConfig(max_retries=3))
    assert resolved(RoutingConfig(), provider=own).retry.max_retries == 3


@pytest.mark.parametrize("kind", [RuleConfig, AliasConfig])
def test_the_base_of_the_originals_back_off_is_the_first_cool_down(kind):
    strategy = StrategyConfig(type="limits-alternative", exponential_backoff_base_secs=15)
    own = provider(cooldown=CooldownConfig(default_secs=99, max_secs=500))
    cooldown = resolved(RoutingConfig(), provider=own, rules=[kind(strategy=strategy)]).cooldown
    assert (cooldown.default_secs, cooldown.max_secs) == (15, 500)


def test_of_several_rules_the_later_goes_before_the_earlier():
    alias = AliasConfig(retry=RetryConfig(max_retries=1, base_ms=7))
    rule = RuleConfig(retry=RetryConfig(max_retries=2))
    retry = resolved(RoutingConfig(), rules=[alias, rule]).retry
    assert (retry.max_retries, retry.base_ms) == (2, 7)
