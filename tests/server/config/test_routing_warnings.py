import pytest
from msgspec.structs import replace

from lunaroute_server.config import AliasConfig, Config, ProviderConfig, RoutingConfig, RuleConfig
from lunaroute_server.config.routing import SwitchNotificationConfig
from lunaroute_server.config.routing_rule import MatchConfig, StrategyConfig
from lunaroute_server.config.routing_warnings import routing_warnings

STRATEGY = StrategyConfig(type="ordered", providers=("openai",))


def warnings(**routing):
    return [*routing_warnings(Config(routing=RoutingConfig(**routing)))]


def rule(name, priority=10, **conditions):
    return RuleConfig(
        name=name, priority=priority, match=MatchConfig(**conditions), primary="openai"
    )


def test_a_primary_beside_a_strategy_is_in_vain():
    both = {"primary": "openai", "strategy": STRATEGY}
    assert warnings(rules=(RuleConfig(**both),), aliases={"x": AliasConfig(**both)}) == [
        "routing.rules[0].primary has no effect beside strategy",
        "routing.aliases.x.primary has no effect beside strategy",
    ]


def test_a_rule_behind_one_that_takes_everything_is_in_vain():
    assert warnings(rules=(rule("low", 1), rule("other", 5, model="x"), rule("all", 5))) == [
        'rule "low" takes no request by itself: rule "all", which is tried earlier, takes them all'
    ]


def test_the_order_of_equal_priorities_counts():
    (found,) = warnings(rules=(rule("a", stream=True), rule("b", stream=True)))
    assert found.startswith('rule "b" takes no request by itself: rule "a"')
    assert warnings(rules=(rule("a", model="x"), rule("b", model_glob="*"))) == []


def test_a_narrower_pattern_behind_a_wider_one_is_in_vain():
    narrow = rule("narrow", 18, model_pattern="^gpt-4.*")
    (found,) = warnings(rules=(narrow, rule("wide", 20, model_pattern="^gpt-.*")))
    assert found.startswith('rule "narrow" takes no request by itself: rule "wide"')


def test_an_alias_behind_a_rule_that_takes_everything_is_in_vain():
    aliases = {"fast": AliasConfig(primary="openai", priority=1)}
    assert warnings(rules=(rule("all"),), aliases=aliases) == [
        'alias "fast" takes no request by itself: rule "all", which is tried earlier, takes them all'
    ]
    assert warnings(rules=(rule("all"),), aliases={"fast": AliasConfig(primary="openai")}) == []


def test_what_clients_say_goes_before_rules_for_it():
    named = (rule("named", override=True), rule("kind", type="override", stream=True))
    assert [one.partition(": ")[2] for one in warnings(rules=named)] == [
        "a provider that the client names goes before all rules"
    ] * 2
    assert warnings(rules=(rule("unnamed", override=False),)) == []


@pytest.mark.parametrize(
    "conditions",
    [{"model": "openai/gpt-5"}, {"model_glob": "openai/*"}, {"model_pattern": "^openai/gpt"}],
)
def test_so_does_a_provider_before_the_slash_of_a_models_name(conditions):
    config = Config(
        providers={"openai": ProviderConfig(type="openai")},
        routing=RoutingConfig(rules=(rule("prefixed", **conditions),)),
    )
    assert [*routing_warnings(config)] == [
        (
            'rule "prefixed" takes no request by itself: "openai/" in front of a model asks'
            ' provider "openai", before all rules'
        )
    ]
    disabled = {"openai": ProviderConfig(type="openai", enabled=False)}
    assert [*routing_warnings(replace(config, providers=disabled))] == []


def test_nothing_is_known_of_the_content_of_what_is_forwarded_as_it_is():
    found = warnings(rules=(rule("e", path="/v1/embeddings", model="small", stream=False),))
    assert found == [
        ('rule "e" takes no request by itself: at /v1/embeddings nothing is known of model, stream')
    ]
    assert warnings(rules=(rule("e", path="/v1/embeddings", tag="x"),)) == []


@pytest.mark.parametrize(
    "path",
    ["/v1", "/v1/messages/", "/v1/messages/count_tokens", ("/v1/embeddings", "/v1/responses")],
)
def test_but_of_requests_that_are_read(path):
    assert warnings(rules=(rule("r", path=path, model="small"),)) == []


def test_a_name_that_a_provider_has_too_leads_to_two_places():
    config = Config(
        providers={"openai": ProviderConfig(type="openai")},
        routing=RoutingConfig(rules=(rule("openai", tag="x"), rule("other"))),
    )
    assert [*routing_warnings(config)] == [
        (
            'rule "openai" is called like a provider: X-Luna-Route leads to the former,'
            " [LUNAROUTE:openai] to the latter"
        )
    ]


def test_a_mark_cannot_name_what_is_called_as_the_one_that_ends_it():
    (found,) = warnings(aliases={"clear": AliasConfig(primary="openai")})
    assert found.startswith('alias "clear" cannot be named by [LUNAROUTE:clear]')


def test_a_providers_message_needs_the_notification():
    providers = {"openai": ProviderConfig(type="openai", switch_notification_message="Hi")}
    assert [*routing_warnings(Config(providers=providers))] == [
        (
            "providers.openai.switch_notification_message has no effect without"
            " routing.provider_switch_notification"
        )
    ]
    notified = RoutingConfig(provider_switch_notification=SwitchNotificationConfig())
    assert [*routing_warnings(Config(providers=providers, routing=notified))] == []


def test_they_are_among_those_of_loading(load):
    rules = "[{primary: openai}, {primary: mock}]"
    assert load(f"routing: {{rules: {rules}}}\nproviders: {{openai: , mock: }}").warnings == (
        (
            'rule "rule_10_1" takes no request by itself: rule "rule_10_0", which is tried earlier,'
            " takes them all"
        ),
    )
