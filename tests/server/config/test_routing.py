"""The values that `routing` takes and refuses."""

import msgspec
import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config import Config, RoutingConfig, config_from_mapping

RULE = {"primary": "openai"}

VALID = [
    ("rules", [], ()),
    ("aliases", {}, {}),
    ("commit_after_secs", 0, 0),
    ("share_cooldowns", False, False),
    ("share_cooldowns", None, None),
    ("watch", False, False),
    ("provider_switch_notification", None, None),
    ("provider_switch_notification.enabled", False, False),
    ("provider_switch_notification.default_message", "${reason}", "${reason}"),
    ("circuit_breaker.enabled", True, True),
    ("circuit_breaker.failure_threshold", 3, 3),
    ("circuit_breaker.success_threshold", 1, 1),
    ("circuit_breaker.timeout_secs", 30, 30),
    ("circuit_breaker.half_open_probes", 2, 2),
    ("health.healthy_threshold", 1, 1),
    ("health.unhealthy_threshold", 0, 0),
    ("health.window_secs", 1.5, 1.5),
    ("health.min_requests", 1, 1),
    ("cooldown.enabled", False, False),
    ("cooldown.default_secs", 5, 5),
    ("cooldown.max_secs", 600, 600),
    ("retry.max_retries", 0, 0),
    ("retry.base_ms", 0, 0),
    ("retry.max_ms", 100, 100),
    ("retry.budget_ratio", 0, 0),
    ("timeouts.connect_secs", 2, 2),
    ("timeouts.first_content_secs", 20, 20),
    ("timeouts.idle_secs", 0.5, 0.5),
    ("timeouts.total_secs", 900, 900),
    ("hedge.enabled", True, True),
    ("hedge.after_ms", 250, 250),
    ("hedge.max_extra_ratio", 0.1, 0.1),
]

INVALID = [
    ("rules", RULE),
    ("rules", ["openai"]),
    ("aliases", [RULE]),
    ("commit_after_secs", -1),
    ("share_cooldowns", "yes"),
    ("watch", None),
    ("provider_switch_notification", True),
    ("provider_switch_notification.enabled", 1),
    ("provider_switch_notification.default_message", ["Hi"]),
    ("circuit_breaker.enabled", "open"),
    ("circuit_breaker.failure_threshold", 0),
    ("circuit_breaker.success_threshold", 1.5),
    ("circuit_breaker.timeout_secs", 0),
    ("circuit_breaker.half_open_probes", 0),
    ("health.healthy_threshold", 1.1),
    ("health.unhealthy_threshold", -0.1),
    ("health.window_secs", 0),
    ("health.min_requests", 0),
    ("cooldown.enabled", 0),
    ("cooldown.default_secs", 0),
    ("cooldown.max_secs", "1h"),
    ("retry.max_retries", -1),
    ("retry.base_ms", -1),
    ("retry.max_ms", "5s"),
    ("retry.budget_ratio", -1),
    ("timeouts.connect_secs", 0),
    ("timeouts.first_content_secs", 0),
    ("timeouts.idle_secs", -1),
    ("timeouts.total_secs", 0),
    ("hedge.enabled", "fast"),
    ("hedge.after_ms", -1),
    ("hedge.max_extra_ratio", -1),
]


def nested(path: str, value: object) -> dict[str, object]:
    document = value
    for key in reversed(path.split(".")):
        document = {key: document}
    return document


def routing(document: object) -> RoutingConfig:
    return config_from_mapping({"routing": document}).routing


def keys_of(section: type[msgspec.Struct], path: str = "") -> set[str]:
    found: set[str] = set()
    for field in msgspec.structs.fields(section):
        found.add(f"{path}{field.name}")
        if isinstance(field.default, msgspec.Struct):
            found |= keys_of(type(field.default), f"{path}{field.name}.")
    return found


@pytest.mark.parametrize(("path", "value", "expected"), VALID)
def test_takes_a_valid_value(path, value, expected):
    found: object = routing(nested(path, value))
    for part in path.split("."):
        found = getattr(found, part)
    assert found == expected


@pytest.mark.parametrize(("path", "value"), INVALID)
def test_refuses_an_invalid_value_and_names_its_key(path, value):
    with pytest.raises(ConfigurationError) as caught:
        routing(nested(path, value))
    assert f"routing.{path}" in str(caught.value)


def test_every_key_is_tried_with_a_valid_and_an_invalid_value():
    """A key that is added to the model gets its tests with it."""
    keys = keys_of(RoutingConfig)
    sections = {path.partition(".")[0] for path in keys if "." in path}
    assert keys <= {path for path, _, _ in VALID} | sections
    assert keys <= {path for path, _ in INVALID} | sections


def test_without_configuration_there_are_no_rules_and_nobody_is_notified():
    found = Config().routing
    assert (found.rules, found.aliases, found.provider_switch_notification) == ((), {}, None)
    assert found.watch


@pytest.mark.parametrize("spelling", ["health", "health_monitor"])
@pytest.mark.parametrize("window", ["window_secs", "failure_window_secs"])
def test_health_may_be_spelt_as_in_the_original(spelling, window):
    assert routing({spelling: {window: 30}}).health.window_secs == 30


def test_a_message_about_a_switch_keeps_its_templates(load):
    loaded = load(
        "providers: {openai: {switch_notification_message: 'To ${new_provider}'}}\n"
        "routing: {provider_switch_notification: {default_message: 'From ${original_provider}'}}\n"
    )
    said = loaded.config.routing.provider_switch_notification
    assert said.default_message == "From ${original_provider}"
    provider = loaded.config.providers["openai"]
    assert provider.switch_notification_message == "To ${new_provider}"
