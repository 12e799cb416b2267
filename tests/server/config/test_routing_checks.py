import pytest

from lunaroute_server.config import (
    AliasConfig,
    Config,
    HttpClientConfig,
    ProviderConfig,
    RoutingConfig,
    RuleConfig,
    StateConfig,
    config_from_mapping,
)
from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.problem import InvalidConfigurationError
from lunaroute_server.config.resilience import RetryConfig
from lunaroute_server.config.routing import SwitchNotificationConfig
from lunaroute_server.config.routing_checks import routing_problems


def problems(*, provider=None, state=None, **routing):
    config = Config(
        providers={"a": ProviderConfig(type="openai", **(provider or {}))},
        routing=RoutingConfig(**routing),
        state=state or StateConfig(),
    )
    return {format_path(each.path): each.reason for each in routing_problems(config)}


def test_names_are_unique_among_rules_and_aliases():
    rules = (
        RuleConfig(name="x", primary="a"),
        RuleConfig(name="rule_10_2", primary="a"),
        RuleConfig(primary="a"),
        RuleConfig(name="x", primary="a"),
    )
    assert problems(rules=rules, aliases={"x": AliasConfig(primary="a")}) == {
        "routing.rules[2].name": '"rule_10_2" is the name of another rule or alias',
        "routing.rules[3].name": '"x" is the name of another rule or alias',
        "routing.aliases.x": '"x" is the name of another rule or alias',
    }


@pytest.mark.parametrize("name", ["", " x", "x\n", "a\tb"])
def test_a_name_can_stand_in_a_header(name):
    assert problems(rules=(RuleConfig(name=name, primary="a"),)) == {
        "routing.rules[0].name": "a name is one line of text, without spaces at its ends"
    }


def test_the_gateways_own_names_are_not_taken():
    assert problems(rules=(RuleConfig(name="default:x", primary="a"),)) == {
        "routing.rules[0].name": 'names that begin with "default:" are the gateway\'s own'
    }


def test_an_alias_can_be_told_from_a_prefixed_model():
    aliases = {"a/fast": AliasConfig(primary="a"), "b/fast": AliasConfig(primary="a")}
    assert problems(aliases=aliases) == {
        'routing.aliases."a/fast"': 'is always taken for a model of provider "a"'
    }


def test_retries_in_two_places_must_be_equal():
    def found(retries):
        both = {
            "retry": RetryConfig(max_retries=2),
            "http_client": HttpClientConfig(max_retries=retries),
        }
        return problems(provider=both)

    assert found(2) == {}
    path = "providers.a.http_client.max_retries"
    assert found(3) == {path: 'contradicts "retry.max_retries"'}


def test_cool_downs_can_be_shared_only_where_state_is():
    assert [*problems(share_cooldowns=True)] == ["routing.share_cooldowns"]
    shared = StateConfig(url="sqlite:////tmp/state.db")
    assert problems(share_cooldowns=True, state=shared) == {}
    assert problems(share_cooldowns=False) == {}


def test_messages_about_a_switch_name_what_there_is():
    notification = SwitchNotificationConfig(default_message="${provider} fails")
    known = "original_provider, new_provider, reason, model"
    assert problems(
        provider={"switch_notification_message": "${new_provider} for ${Model}"},
        provider_switch_notification=notification,
    ) == {
        "providers.a.switch_notification_message": f"unknown template ${{Model}}; known are {known}",
        "routing.provider_switch_notification.default_message": (
            f"unknown template ${{provider}}; known are {known}"
        ),
    }


def test_every_problem_is_named_with_its_line(load):
    text = """\
providers:
  openai: {}
  anthropic: {enabled: false}
routing:
  health_monitor:
    unhealthy_threshold: 0.99
  rules:
    - name: first
      matcher:
        model_pattern: "("
      primary: anthropic
    - name: second
      strategy:
        type: round-robin
        providers: []
      fallbacks:
        - nobody
"""
    with pytest.raises(InvalidConfigurationError) as caught:
        load(text)
    found = [(error.source.rpartition(":")[2], error.path) for error in caught.value.errors]
    assert found == [
        ("10", "routing.rules[0].match.model_pattern"),
        ("11", "routing.rules[0].primary"),
        ("15", "routing.rules[1].strategy.providers"),
        ("17", "routing.rules[1].fallbacks[0]"),
        ("6", "routing.health.unhealthy_threshold"),
    ]


def test_a_client_may_be_given_a_configuration_with_rules():
    document = {"routing": {"rules": [{"match": {"model": "x"}, "primary": "openai/gpt-5"}]}}
    assert config_from_mapping(document).routing.rules[0].primary == "openai/gpt-5"
