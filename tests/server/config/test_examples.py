"""The configurations in `examples/configs` are ones the server takes."""

from pathlib import Path

import pytest

from lunaroute_server.config import load_config

FOLDER = Path(__file__).parents[3] / "examples" / "configs"
NAMES = ["anthropic-proxy", "claude-code-proxy", "development", "openai-proxy", "routing"]


def load(name):
    keys = {"anthropic-proxy": ["ANTHROPIC_API_KEY"]}
    keys["routing"] = ["OPENAI_API_KEY", "OPENAI_BACKUP_KEY", "ANTHROPIC_API_KEY"]
    environment = {key: f"sk-{key}" for key in keys.get(name, ())}
    return load_config(FOLDER / f"{name}.yaml", environment=environment)


def test_they_are_all_tried_and_described():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == NAMES
    readme = (FOLDER / "README.md").read_text()
    assert all(f"]({name}.yaml)" in readme for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_they_load_without_a_warning(name):
    assert load(name).warnings == ()


@pytest.mark.parametrize("name", ["claude-code-proxy", "openai-proxy"])
def test_the_proxies_for_coding_assistants_pass_their_key_on(name):
    (provider,) = load(name).config.providers.values()
    assert provider.keys == ()


def test_the_anthropic_proxy_has_the_servers_key():
    assert load("anthropic-proxy").config.providers["anthropic"].keys == ("sk-ANTHROPIC_API_KEY",)


def test_routing_has_two_accounts_and_an_alias():
    config = load("routing").config
    assert [*config.routing.aliases] == ["fast"]
    assert [rule.name for rule in config.routing.rules] == ["assistants", "gpt"]
    assert config.routing.rules[1].strategy.primary_providers == ("openai", "openai-backup")


def test_development_finds_a_server_on_this_machine():
    provider = load("development").config.providers["local"]
    assert provider.base_url == "http://127.0.0.1:11434/v1"
