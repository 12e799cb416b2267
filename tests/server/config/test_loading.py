import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config import (
    Config,
    InvalidConfigurationError,
    Overrides,
    config_from_mapping,
    load_config,
)

ORIGINALS = """\
host: "127.0.0.1"
port: 8081
api_dialect: "anthropic"
providers:
  anthropic:
    enabled: true
    # No api_key field here
session_recording:
  enabled: false  # Disable for maximum performance
logging:
  level: "debug"
  log_requests: true
"""


def test_without_anything_it_is_the_default(load):
    loaded = load()
    assert loaded.config == Config()
    assert (loaded.path, loaded.origins, loaded.warnings) == (None, {}, ())


@pytest.mark.parametrize("name", ["config.yaml", "config.toml", "config.json"])
def test_a_file_says_the_same_in_every_format(write, name):
    text = {
        "config.yaml": "port: 9000\nlogging: {level: debug}\nproviders: {openai: {}}\n",
        "config.toml": 'port = 9000\n[logging]\nlevel = "debug"\n[providers.openai]\n',
        "config.json": '{"port": 9000, "logging": {"level": "debug"}, "providers": {"openai": {}}}',
    }[name]
    path = write(text, name)
    loaded = load_config(path, environment={})
    assert loaded.path == path
    assert (loaded.config.port, loaded.config.logging.level) == (9000, "debug")
    assert [*loaded.config.providers] == ["openai"]


def test_the_file_the_variable_names_is_read(write):
    path = write("port: 9000")
    assert load_config(environment={"LUNAROUTE_CONFIG": str(path)}).config.port == 9000


def test_each_layer_wins_over_the_one_before_and_says_so(load):
    loaded = load(
        "host: a.internal\nport: 1\nlogging: {level: error, format: json}\n",
        environment={"LUNAROUTE_PORT": "2", "LUNAROUTE_LOG_LEVEL": "warn"},
        overrides=Overrides(log_level="debug"),
    )
    assert loaded.config.host == "a.internal"
    assert loaded.config.port == 2
    assert loaded.config.logging.level == "debug"
    origins = {path: loaded.origin(path).kind for path in loaded.origins}
    assert origins == {
        ("host",): "file",
        ("port",): "environment",
        ("logging", "format"): "file",
        ("logging", "level"): "argument",
    }
    assert loaded.origin(("host",)).name == f"{loaded.path}:1"
    assert loaded.origin(("api_dialect",)).kind == "default"


def test_the_environment_reaches_providers_that_nothing_configures(load):
    loaded = load(environment={"ANTHROPIC_API_KEY": "sk-ant-1"})
    assert loaded.config.providers["anthropic"].keys == ("sk-ant-1",)
    assert loaded.config.providers["openai"].keys == ()


def test_a_key_of_the_environment_replaces_the_files(load):
    loaded = load(
        "providers: {openai: {api_key: a, api_keys: [b]}}", environment={"OPENAI_API_KEY": "c"}
    )
    assert loaded.config.providers["openai"].keys == ("c",)


def test_a_wrong_variable_is_named_with_its_key(load):
    with pytest.raises(ConfigurationError) as caught:
        load(environment={"LUNAROUTE_PORT": "many"})
    assert (caught.value.source, caught.value.path) == ("LUNAROUTE_PORT", "port")


def test_problems_of_file_and_environment_are_reported_together(load):
    with pytest.raises(InvalidConfigurationError) as caught:
        load("prot: 1\nport: x\nport: y\n", environment={"LUNAROUTE_LOG_LEVEL": "loud"})
    assert {error.path for error in caught.value.errors} == {"prot", "port", "logging.level"}
    assert "config.yaml:2: port: Expected `int`" not in str(caught.value)
    assert "config.yaml:3: port: key" in str(caught.value)


def test_a_section_that_is_none_is_reported_though_a_variable_sets_a_key_in_it(load):
    with pytest.raises(ConfigurationError) as caught:
        load("logging: loud\n", environment={"LUNAROUTE_LOG_LEVEL": "debug"})
    assert caught.value.path == "logging"


@pytest.mark.parametrize("text", ["providers: 5\n", "providers: [openai]\n"])
def test_providers_that_are_no_mapping_are_reported(load, text):
    with pytest.raises(ConfigurationError) as caught:
        load(text, environment={"OPENAI_API_KEY": "sk", "LUNAROUTE_OPENAI_TIMEOUT_SECS": "5"})
    assert caught.value.path == "providers"


def test_what_makes_no_sense_together_is_named_with_its_line(load):
    with pytest.raises(ConfigurationError) as caught:
        load("port: 9000\nproviders:\n  openai:\n    base_url: http://localhost:9000/v1\n")
    assert caught.value.source is not None
    assert caught.value.source.endswith("config.yaml:4")
    assert caught.value.path == "providers.openai.base_url"


def test_what_makes_no_sense_is_named_with_the_variable_it_comes_from(load):
    with pytest.raises(ConfigurationError) as caught:
        load(environment={"LUNAROUTE_BYPASS_PROVIDER": "gemini"})
    assert (caught.value.source, caught.value.path) == (
        "LUNAROUTE_BYPASS_PROVIDER",
        "bypass.provider",
    )


def test_warnings_come_with_the_configuration(load):
    assert load(environment={"LUNAROUTE_UI_PORT": "1"}).warnings == (
        "LUNAROUTE_UI_PORT has no effect in this version",
    )


def test_an_error_does_not_hold_the_value_of_a_key(load):
    with pytest.raises(ConfigurationError) as caught:
        load("providers: {openai: {api_key: [sk-canary]}}")
    assert "sk-canary" not in str(caught.value)


def test_a_mapping_is_read_like_a_file():
    config = config_from_mapping({"port": "${P}"}, environment={"P": "9", "LUNAROUTE_HOST": "x"})
    assert (config.port, config.host) == (9, "127.0.0.1")
    with pytest.raises(ConfigurationError, match=r"prot: unknown key"):
        config_from_mapping({"prot": 1})


@pytest.mark.parametrize("dialect", ["anthropic", "openai"])
def test_the_originals_proxies_load_unchanged(load, dialect):
    loaded = load(ORIGINALS.replace("anthropic", dialect))
    assert loaded.config.api_dialect == dialect
    assert [*loaded.config.providers] == [dialect]
    assert loaded.config.logging.log_requests


@pytest.mark.parametrize(
    "bypass", ["{enabled: false}", "{enabled: true, provider: openai}"], ids=["off", "explicit"]
)
def test_the_originals_bypass_examples_load_unchanged(load, bypass):
    loaded = load(
        f"api_dialect: openai\nproviders:\n  openai: {{enabled: true,"
        f" api_key: '${{OPENAI_API_KEY}}'}}\nbypass: {bypass}\n",
        environment={"OPENAI_API_KEY": "sk-1"},
    )
    assert loaded.config.providers["openai"].keys == ("sk-1",)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("session_recording: {enabled: true}", "session_recording"),
        ("session_stats_max_sessions: 100", "session_stats_max_sessions"),
        ("ui: {enabled: true, port: 8082}", "ui"),
        ("listeners: []", "listeners"),
        ("observability: {}", "observability"),
        ("logging: {log_sql_queries: true}", "logging.log_sql_queries"),
        (
            "providers: {openai: {http_client: {pool_max_idle_per_host: 32}}}",
            "providers.openai.http_client.pool_max_idle_per_host",
        ),
        (
            "providers: {openai: {http_client: {enable_pool_metrics: true}}}",
            "providers.openai.http_client.enable_pool_metrics",
        ),
        (
            "providers: {openai: {codex_auth: {enabled: true}}}",
            "providers.openai.codex_auth",
        ),
        (
            "providers: {openai: {response_body: {enabled: true}}}",
            "providers.openai.response_body",
        ),
        (
            "routing: {rules: [{match: {tenant: blue}, primary: openai}]}",
            "routing.rules[0].match.tenant",
        ),
    ],
)
def test_the_originals_later_keys_are_refused_as_not_supported(load, text, path):
    with pytest.raises(ConfigurationError, match="is not supported by this version") as caught:
        load(text)
    assert caught.value.path == path
