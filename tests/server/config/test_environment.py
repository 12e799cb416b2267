import pytest

from lunaroute_server.config.annotations import annotation_at
from lunaroute_server.config.environment import VARIABLES, EnvironmentReader
from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.model import Config
from lunaroute_server.config.resolution import resolved

VALUES = {
    "HOST": ("::1", "::1"),
    "PORT": ("9000", 9000),
    "DIALECT": ("openai", "openai"),
    "LOG_LEVEL": ("WARN", "warning"),
    "LOG_REQUESTS": ("1", True),
    "BYPASS_ENABLED": ("no", False),
    "BYPASS_PROVIDER": ("anthropic", "anthropic"),
    "OPENAI_TIMEOUT_SECS": ("30", 30),
    "OPENAI_CONNECT_TIMEOUT_SECS": ("3", 3),
    "OPENAI_POOL_IDLE_TIMEOUT_SECS": ("20", 20),
    "OPENAI_TCP_KEEPALIVE_SECS": ("15", 15),
    "OPENAI_MAX_RETRIES": ("2", 2),
    "ANTHROPIC_MAX_RETRIES": ("0", 0),
    "ANTHROPIC_TIMEOUT_SECS": ("900", 900),
    "ANTHROPIC_CONNECT_TIMEOUT_SECS": ("4", 4),
    "ANTHROPIC_POOL_IDLE_TIMEOUT_SECS": ("25", 25),
    "ANTHROPIC_TCP_KEEPALIVE_SECS": ("45", 45),
}


def read(environment, providers=None):
    """The settings as `path: value`, and the warnings."""
    reader = EnvironmentReader(environment=environment, providers=providers or {})
    found = {format_path(each.path): each.value for each in reader.settings()}
    return found, reader.warnings


def test_every_variable_has_its_value_tried():
    assert {f"LUNAROUTE_{name}" for name in VALUES} == set(VARIABLES)


@pytest.mark.parametrize("name", VALUES)
def test_a_variable_sets_its_key_over_the_file(load, name):
    text, value = VALUES[name]
    loaded = load(environment={f"LUNAROUTE_{name}": text})
    path = VARIABLES[f"LUNAROUTE_{name}"]
    found: object = loaded.config
    for part in path:
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    assert found == value
    assert str(loaded.origin(path)) == f"environment LUNAROUTE_{name}"
    assert loaded.warnings == ()


def test_variables_lead_to_keys_of_the_model():
    for path in VARIABLES.values():
        assert annotation_at(Config, path) is not None


def test_an_empty_variable_is_unset():
    environment = {"LUNAROUTE_PORT": "", "OPENAI_API_KEY": "", "LUNAROUTE_UI_PORT": ""}
    assert read(environment, {"openai": {}}) == ({}, [])


@pytest.mark.parametrize(
    "name", ["LUNAROUTE_UI_PORT", "LUNAROUTE_OPENAI_POOL_MAX_IDLE", "LUNAROUTE_PROT"]
)
def test_a_variable_without_effect_is_a_warning(name):
    assert read({name: "1"}) == ({}, [f"{name} has no effect in this version"])


def test_other_variables_are_not_looked_at():
    others = {"PATH": "/bin", "PORT": "1", "LUNAROUTE_CONFIG": "c.yaml", "LUNAROUTE_HOME": "/x"}
    assert read(others) == ({}, [])


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"])
def test_the_clients_base_urls_are_not_read(load, name):
    """A shell that exports them for its clients would make the gateway call itself."""
    loaded = load(environment={name: "http://127.0.0.1:8081"})
    assert loaded.config == load().config
    assert loaded.warnings == ()


def test_a_vendors_variable_without_its_provider_is_a_warning():
    assert read({"LUNAROUTE_OPENAI_TIMEOUT_SECS": "5"}, {"anthropic": {}}) == (
        {},
        ['LUNAROUTE_OPENAI_TIMEOUT_SECS has no effect: there is no provider "openai"'],
    )


@pytest.mark.parametrize("written", ["retry", "http_client"])
def test_retries_are_set_wherever_the_file_has_them(load, written):
    text = f"providers: {{openai: {{{written}: {{max_retries: 1}}}}}}"
    config = load(text, environment={"LUNAROUTE_OPENAI_MAX_RETRIES": "3"}).config
    assert resolved(config.routing, provider=config.providers["openai"]).retry.max_retries == 3


def test_a_key_goes_to_the_provider_of_its_vendors_name():
    environment = {"OPENAI_API_KEY": "sk-o", "ANTHROPIC_API_KEY": "sk-a"}
    providers = {"openai": {"type": "openai"}, "other": {"type": "anthropic"}}
    assert read(environment, providers) == ({"providers.openai.api_key": "sk-o"}, [])


def test_a_key_replaces_all_of_the_files():
    providers = {"openai": {"type": "openai", "api_key": "a", "api_keys": ["b", "c"]}}
    assert read({"OPENAI_API_KEY": "sk-o"}, providers)[0] == {
        "providers.openai.api_key": "sk-o",
        "providers.openai.api_keys": [],
    }


def test_a_vendors_key_does_not_replace_a_third_partys():
    providers = {
        "openai": {"type": "openai", "api_key": "gsk", "base_url": "https://api.example.com/v1"}
    }
    found, warnings = read({"OPENAI_API_KEY": "sk-o"}, providers)
    assert found == {}
    assert warnings == [
        'OPENAI_API_KEY is not used: provider "openai" has its own key, for its base_url'
    ]


def test_a_key_is_used_where_the_file_names_another_url_and_no_key():
    providers = {"openai": {"type": "openai", "base_url": "https://api.example.com/v1"}}
    assert read({"OPENAI_API_KEY": "sk-o"}, providers)[0] == {"providers.openai.api_key": "sk-o"}


def test_the_mock_gets_no_key():
    assert read({"OPENAI_API_KEY": "sk-o"}, {"openai": {"type": "mock"}}) == ({}, [])
