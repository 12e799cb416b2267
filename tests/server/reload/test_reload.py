"""Which changes of a configuration take effect at once."""

import pytest
from msgspec.structs import fields

from lunaroute_server.config import Config, load_config
from lunaroute_server.config.provider import ProviderConfig
from lunaroute_server.config.resilience import Resilience
from lunaroute_server.config.routing import RoutingConfig
from lunaroute_server.reload.reload import (
    FIXED_ROUTING_KEYS,
    ROUTED_KEYS,
    Reload,
    differences,
)


@pytest.fixture
def running(file):
    return load_config(file, environment={}).config


def test_another_file_with_the_same_content_changes_nothing(running, rewritten):
    done = Reload.between(running, rewritten())
    assert (done.config, done.changed, done.restart_needed) == (running, (), ())


@pytest.mark.parametrize(
    ("pair", "path"),
    [
        (("primary: first", "primary: second"), "routing.rules[0].primary"),
        (("routing:\n", "routing:\n  commit_after_secs: 3\n"), "routing.commit_after_secs"),
        (("hello", "goodbye"), "providers.second.switch_notification_message"),
        (("max_retries: 1", "max_retries: 2"), "providers.second.retry.max_retries"),
        (
            ("timeout_secs: 5", "timeout_secs: 5, max_retries: 4"),
            "providers.remote.http_client.max_retries",
        ),
    ],
)
def test_what_the_router_goes_by_takes_effect(running, rewritten, pair, path):
    loaded = rewritten(pair)
    done = Reload.between(running, loaded)
    assert (done.changed, done.restart_needed) == ((path,), ())
    assert done.config == loaded.config


@pytest.mark.parametrize(
    ("pair", "path"),
    [
        (("providers:\n", "port: 9000\nproviders:\n"), "port"),
        (("parrot: echo", "parrot: slow"), "providers.first.mock.models.parrot"),
        (("routing:\n", "  third: {type: mock}\nrouting:\n"), "providers.third"),
        (("second: {", "second: {enabled: false, "), "providers.second.enabled"),
        (("timeout_secs: 5", "timeout_secs: 6"), "providers.remote.http_client.timeout_secs"),
        (("routing:\n", "routing:\n  watch: false\n"), "routing.watch"),
        (("routing:\n", "routing:\n  share_cooldowns: false\n"), "routing.share_cooldowns"),
    ],
)
def test_everything_else_waits_for_a_restart(running, rewritten, pair, path):
    done = Reload.between(running, rewritten(pair))
    assert (done.config, done.changed, done.restart_needed) == (running, (), (path,))


def test_both_at_once_are_told_apart(running, rewritten):
    loaded = rewritten(
        ("primary: first", "primary: second"), ("providers:", "port: 9000\nproviders:")
    )
    done = Reload.between(running, loaded)
    assert done.changed == ("routing.rules[0].primary",)
    assert done.restart_needed == ("port",)
    assert (done.config.routing, done.config.port) == (loaded.config.routing, running.port)


def test_warnings_of_what_was_read_are_kept(running, file):
    loaded = load_config(file, environment={"LUNAROUTE_UI_PORT": "1"})
    assert Reload.between(running, loaded).warnings == loaded.warnings != ()


def test_lists_of_another_length_differ_as_a_whole(running, rewritten):
    added = "primary: first}\n    - {name: more, primary: second}"
    done = Reload.between(running, rewritten(("primary: first}", added)))
    assert done.changed == ("routing.rules",)


def test_differences_name_no_values(running):
    other = Config(providers={"openai": ProviderConfig(type="openai", api_key="sk-secret")})
    assert "sk-secret" not in " ".join(differences(running, other))


def test_the_keys_are_keys():
    provider = {field.name for field in fields(ProviderConfig)}
    assert set(ROUTED_KEYS) <= provider
    sections = {name for name in vars(Resilience) if not name.startswith("_")}
    assert set(ROUTED_KEYS) == sections | {"switch_notification_message"}
    assert set(FIXED_ROUTING_KEYS) <= {field.name for field in fields(RoutingConfig)}
