from collections.abc import Iterator

import msgspec
import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_core.request_limits import DEFAULT_LIMITS, STRICT_LIMITS, RequestLimits
from lunaroute_server.config import Config, LimitsConfig, config_from_mapping

VALID = [
    ("host", "0.0.0.0"),
    ("port", 9000),
    ("port", 0),
    ("api_dialect", "openai"),
    ("api_dialect", "anthropic"),
    ("http_server.tcp_nodelay", False),
    ("http_server.tcp_keepalive_secs", 30),
    ("http_server.tcp_keepalive_secs", None),
    ("http_server.send_buffer_size", 65536),
    ("http_server.recv_buffer_size", 65536),
    ("http_server.sse_keepalive_enabled", False),
    ("http_server.sse_keepalive_interval_secs", 2.5),
    ("http_server.max_request_body_bytes", 1000),
    ("http_server.drain_secs", 0),
    ("http_server.max_concurrent_requests", 5),
    ("bypass.enabled", False),
    ("bypass.provider", "anthropic"),
    ("logging.level", "debug"),
    ("logging.log_requests", True),
    ("logging.format", "json"),
    ("limits.preset", "strict"),
    ("limits.max_model_bytes", 64),
    ("limits.max_messages", 10),
    ("limits.max_string_bytes", None),
    ("limits.max_tool_arguments_bytes", 100),
    ("limits.max_output_tokens", 4096),
    ("limits.max_choices", 1),
    ("state.url", "sqlite:////var/lib/lunaroute/state.db"),
    ("state.secret", "0123456789abcdef0123456789abcdef"),
    ("reasoning.tunnel", False),
    ("reasoning.vault.enabled", False),
    ("reasoning.vault.ttl_secs", 60),
    ("stored_responses.enabled", True),
    ("stored_responses.ttl_secs", 3600),
]

INVALID = [
    ("host", 127),
    ("host", ""),
    ("host", "http://localhost"),
    ("port", -1),
    ("port", 65536),
    ("port", "8081"),
    ("port", True),
    ("api_dialect", "gemini"),
    ("http_server.tcp_nodelay", "sometimes"),
    ("http_server.tcp_keepalive_secs", 0),
    ("http_server.send_buffer_size", 0),
    ("http_server.recv_buffer_size", 1.5),
    ("http_server.sse_keepalive_enabled", 1),
    ("http_server.sse_keepalive_interval_secs", 0),
    ("http_server.sse_keepalive_interval_secs", float("inf")),
    ("http_server.max_request_body_bytes", 0),
    ("http_server.drain_secs", -1),
    ("http_server.max_concurrent_requests", 0),
    ("http_server.allowed_hosts", "gateway.internal"),
    ("http_server.allowed_origins", [1]),
    ("bypass.enabled", None),
    ("bypass.provider", ["openai"]),
    ("logging.level", "loud"),
    ("logging.log_requests", "yes"),
    ("logging.format", "xml"),
    ("limits.preset", "lenient"),
    ("limits.max_model_bytes", None),
    ("limits.max_messages", 0),
    ("limits.max_string_bytes", "1MB"),
    ("limits.max_tool_arguments_bytes", -1),
    ("limits.max_output_tokens", 0),
    ("limits.max_choices", 0),
    ("state.url", "redis://localhost"),
    ("state.secret", "short"),
    ("reasoning.tunnel", "no"),
    ("reasoning.vault.enabled", 1),
    ("reasoning.vault.ttl_secs", 0),
    ("stored_responses.enabled", None),
    ("stored_responses.ttl_secs", -1),
]


def keys_of(section: msgspec.Struct, path: str = "") -> Iterator[str]:
    for key, value in msgspec.structs.asdict(section).items():
        if key == "routing":
            continue  # tried on its own
        if isinstance(value, msgspec.Struct):
            yield from keys_of(value, f"{path}{key}.")
        elif key != "providers":
            yield f"{path}{key}"


def nested(path: str, value: object) -> dict[str, object]:
    *sections, key = path.split(".")
    document: dict[str, object] = {key: value}
    for section in reversed(sections):
        document = {section: document}
    return document


@pytest.mark.parametrize(("path", "value"), VALID)
def test_takes_a_valid_value(path, value):
    found: object = config_from_mapping(nested(path, value))
    for part in path.split("."):
        found = getattr(found, part)
    assert found == value


@pytest.mark.parametrize(("path", "value"), INVALID)
def test_refuses_an_invalid_value_and_names_its_key(path, value):
    with pytest.raises(ConfigurationError) as caught:
        config_from_mapping(nested(path, value))
    assert caught.value.path is not None
    assert caught.value.path.startswith(path)


def test_hosts_and_origins_are_lists():
    config = config_from_mapping(
        {
            "http_server": {
                "allowed_hosts": ["gateway.internal", "fd00::1"],
                "allowed_origins": ["https://app.example.com", "http://10.0.0.1:3000", "*"],
            }
        }
    )
    assert config.http_server.allowed_hosts == ("gateway.internal", "fd00::1")
    assert config.http_server.allowed_origins[1] == "http://10.0.0.1:3000"


def test_every_key_is_tried_with_a_valid_and_an_invalid_value():
    """A key that is added to the model gets its tests with it."""
    keys = {*keys_of(Config())}
    lists = {"http_server.allowed_hosts", "http_server.allowed_origins"}
    assert {path for path, _ in VALID} | lists == keys
    assert {path for path, _ in INVALID} == keys


def test_without_configuration_both_vendors_and_the_mock_are_there():
    config = Config()
    assert (config.host, config.port, config.api_dialect) == ("127.0.0.1", 8081, "both")
    assert {name: one.type for name, one in config.providers.items()} == {
        "openai": "openai",
        "anthropic": "anthropic",
        "mock": "mock",
    }
    assert all(one.enabled and not one.keys for one in config.providers.values())


def test_the_model_is_frozen():
    with pytest.raises(AttributeError):
        Config().port = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_limits_can_override_every_request_limit():
    assert set(LimitsConfig.__struct_fields__) == {*RequestLimits.__struct_fields__, "preset"}


def test_limits_are_the_presets_unless_overridden():
    assert LimitsConfig().request_limits == DEFAULT_LIMITS
    assert LimitsConfig(preset="strict").request_limits == STRICT_LIMITS
    overridden = LimitsConfig(preset="strict", max_output_tokens=None, max_messages=7)
    assert overridden.request_limits.max_output_tokens is None
    assert overridden.request_limits.max_messages == 7
    assert overridden.request_limits.max_choices == STRICT_LIMITS.max_choices
