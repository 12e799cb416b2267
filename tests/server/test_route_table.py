from lunaroute_routing.switch_notification import DEFAULT_MESSAGE
from lunaroute_server.config import Config, config_from_mapping
from lunaroute_server.route_table import route_table


def table(**document):
    return route_table(config_from_mapping(document))


def test_without_a_configuration_clients_reach_their_vendor_and_nobody_is_told():
    found = route_table(Config())
    assert found.rules == ()
    assert found.defaults == {"openai": "openai", "anthropic": "anthropic", "mock": "mock"}
    assert found.notification is None
    assert (found.listing, found.aliases) == ((), ())


def test_settings_are_those_of_routing_and_of_each_provider_that_is_enabled():
    providers = {
        "openai": {"circuit_breaker": {"failure_threshold": 2}},
        "anthropic": {},
        "off": {"type": "openai", "enabled": False},
    }
    found = table(providers=providers, routing={"circuit_breaker": {"failure_threshold": 3}})
    assert found.settings.breaker.failure_threshold == 3
    assert {
        name: one.breaker.failure_threshold for name, one in found.provider_settings.items()
    } == {
        "openai": 2,
        "anthropic": 3,
    }


def test_everybody_sees_the_models_of_providers_with_keys_and_of_a_configured_mock():
    providers = {"openai": {"api_key": "sk-1"}, "anthropic": {}, "mock": {}}
    assert table(providers=providers).listing == ("openai", "mock")
    off = {**providers, "mock": {"enabled": False}}
    assert table(providers=off).listing == ("openai",)


def test_aliases_and_public_names_are_listed():
    found = table(
        providers={"openai": {"models": {"small": "gpt-5-mini"}}},
        routing={"aliases": {"fast": {"primary": "openai/gpt-5-mini"}}},
    )
    assert found.aliases == ("fast", "small")


def test_the_notification_has_the_configured_messages():
    providers = {"openai": {"switch_notification_message": "To ${new_provider}."}, "anthropic": {}}
    said = {"default_message": "For ${reason}."}
    found = table(providers=providers, routing={"provider_switch_notification": said}).notification
    assert found.default_message == "For ${reason}."
    assert found.messages == {"openai": "To ${new_provider}."}


def test_an_empty_section_notifies_with_a_message_of_its_own_and_enabled_false_does_not():
    found = table(routing={"provider_switch_notification": {}}).notification
    assert found.default_message == DEFAULT_MESSAGE
    off = {"provider_switch_notification": {"enabled": False}}
    assert table(routing=off).notification is None
