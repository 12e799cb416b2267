"""The ways in which a rule may be written."""

import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config import config_from_mapping
from lunaroute_server.config.routing_rule import (
    MatchConfig,
    PriceConfig,
    RuleConfig,
    StrategyConfig,
    TargetConfig,
    listed,
    rule_name,
    target_of,
)

CONDITIONS = [
    ("dialect", "anthropic", "anthropic"),
    ("dialect", ["openai", "anthropic_messages"], ("openai", "anthropic_messages")),
    ("model", "gpt-5", "gpt-5"),
    ("model", ["gpt-5", "gpt-5-mini"], ("gpt-5", "gpt-5-mini")),
    ("model_glob", "gpt-*", "gpt-*"),
    ("model_pattern", "^gpt-", "^gpt-"),
    ("headers", {"X-Team": "^blue$"}, {"X-Team": "^blue$"}),
    ("query", {"beta": "true"}, {"beta": "true"}),
    ("path", "/v1/messages", "/v1/messages"),
    ("stream", False, False),
    ("min_input_tokens", 0, 0),
    ("max_input_tokens", 100_000, 100_000),
    ("has_tools", True, True),
    ("has_images", False, False),
    ("tag", ["batch", "night"], ("batch", "night")),
    ("override", True, True),
]


def rule(**keys):
    document = {"routing": {"rules": [{"primary": "openai", **keys}]}}
    return config_from_mapping(document).routing.rules[0]


@pytest.mark.parametrize(
    "written",
    [
        {"match": {"model_pattern": "^gpt-"}},
        {"matcher": {"model_pattern": "^gpt-"}},
        {"model_pattern": "^gpt-"},
        {"matcher": {"pattern": "^gpt-"}},
    ],
)
def test_a_models_pattern_may_be_written_in_several_places(written):
    assert rule(**written).match == MatchConfig(model_pattern="^gpt-")


@pytest.mark.parametrize("pattern", ["^gpt-5$", "^(a|b)$", "^a$|^b$", r"\.1$"])
def test_the_end_of_a_text_in_a_pattern_is_no_variable(pattern):
    assert rule(match={"model_pattern": pattern}).match.model_pattern == pattern


def test_the_originals_tagged_matchers_are_taken():
    assert rule(matcher={"type": "model", "pattern": "x"}).match.model_pattern == "x"
    assert rule(matcher={"type": "listener", "listener": "OpenAI"}).match.dialect == "OpenAI"
    assert rule(matcher={"type": "override"}).match.type == "override"
    assert rule(matcher={"type": "always"}).match.type == "always"
    assert rule(matcher={"always": True}).match.always is True


@pytest.mark.parametrize(("key", "value", "expected"), CONDITIONS)
def test_a_condition_is_taken(key, value, expected):
    assert rule(match={key: value}).match == MatchConfig(**{key: expected})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("type", "regex"),
        ("always", "yes"),
        ("dialect", 5),
        ("model", [5]),
        ("model_glob", ["a"]),
        ("model_pattern", {"regex": "a"}),
        ("headers", ["X-Team"]),
        ("query", {"beta": True}),
        ("path", 1),
        ("stream", "true"),
        ("min_input_tokens", -1),
        ("max_input_tokens", "many"),
        ("has_tools", 1),
        ("has_images", "no"),
        ("tag", {"a": "b"}),
        ("override", "openai"),
    ],
)
def test_a_condition_of_another_type_is_refused(key, value):
    with pytest.raises(ConfigurationError) as caught:
        rule(match={key: value})
    assert caught.value.path.startswith(f"routing.rules[0].match.{key}")


def test_every_condition_is_tried():
    """A key that is added to the model gets its test with it."""
    tried = {key for key, _, _ in CONDITIONS}
    assert tried | {"type", "always"} == set(MatchConfig.__struct_fields__)


@pytest.mark.parametrize("key", ["key", "tenant"])
def test_conditions_on_clients_are_for_a_later_version(key):
    with pytest.raises(ConfigurationError, match="is not supported by this version"):
        rule(match={key: "x"})


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("openai", TargetConfig(provider="openai")),
        ("openai/gpt-5", TargetConfig(provider="openai", model="gpt-5")),
        ("router/meta/llama", TargetConfig(provider="router", model="meta/llama")),
        ("openai/", TargetConfig(provider="openai", model="")),
        (TargetConfig(provider="a/b"), TargetConfig(provider="a/b")),
    ],
)
def test_a_target_may_be_written_as_a_text(name, target):
    assert target_of(name) == target


def test_a_target_may_be_written_out_and_spelt_as_in_the_original():
    price = {"input": 1.5, "output": 6}
    strategy = {
        "type": "weighted-round-robin",
        "providers": [
            {"id": "openai", "weight": 2},
            {"provider": "anthropic", "model": "claude-5", "weight": 0, "price": price},
            "mock",
        ],
    }
    assert rule(strategy=strategy).strategy.providers == (
        TargetConfig(provider="openai", weight=2),
        TargetConfig(
            provider="anthropic",
            model="claude-5",
            weight=0,
            price=PriceConfig(input=1.5, output=6),
        ),
        "mock",
    )


@pytest.mark.parametrize(
    ("target", "path", "reason"),
    [
        ({"model": "gpt-5"}, "primary", '"provider" is missing'),
        ({"provider": "openai", "weight": -1}, "primary.weight", ">= 0"),
        ({"provider": "openai", "wieght": 1}, "primary.wieght", "did you mean"),
        ({"provider": "openai", "price": {"input": 1}}, "primary.price", '"output" is missing'),
        ({"provider": "openai", "id": "mock"}, "primary.id", 'contradicts "provider"'),
        (["openai"], "primary", "Expected"),
    ],
)
def test_a_target_that_is_none_is_refused(target, path, reason):
    with pytest.raises(ConfigurationError) as caught:
        rule(primary=target)
    assert f"routing.rules[0].{path}: " in str(caught.value)
    assert reason in str(caught.value)


def test_a_strategy_has_its_targets_in_the_lists_of_its_type():
    limits = StrategyConfig(
        type="limits-alternative", primary_providers=("a",), alternative_providers=("b",)
    )
    assert limits.lists == {"primary_providers": ("a",), "alternative_providers": ("b",)}
    assert StrategyConfig(type="sticky", providers=("a",)).lists == {"providers": ("a",)}


def test_a_strategys_type_is_one_of_the_known():
    with pytest.raises(ConfigurationError, match="Expected one of ordered, round-robin") as caught:
        rule(strategy={"type": "random", "providers": ["openai"]})
    assert caught.value.path == "routing.rules[0].strategy.type"
    with pytest.raises(ConfigurationError, match='"type" is missing: one of ordered'):
        rule(strategy={"providers": ["openai"]})


def test_a_rule_without_a_name_is_called_by_its_priority_and_position():
    assert rule_name(RuleConfig(priority=7), 3) == "rule_7_3"
    assert rule_name(RuleConfig(name="mine"), 3) == "mine"
    assert rule().priority == 10


def test_one_text_is_a_list_of_one():
    assert listed("a") == ("a",)
    assert listed(("a", "b")) == ("a", "b")
    assert listed(()) == ()
