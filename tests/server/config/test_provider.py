import re

import pytest

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config import ProviderConfig, config_from_mapping

VALID = [
    ("enabled", False),
    ("api_key", "sk-1"),
    ("api_key", None),
    ("api_keys", ("sk-1", "sk-2")),
    ("forward_client_credentials", True),
    ("translation", "strict"),
    ("capabilities", {"gpt-*": {"max_output_tokens": 1000}}),
    ("capabilities", {"o[13]*": {"efforts": ["low", "high"]}, "*": {"sampling": False}}),
    ("server", "openai"),
    ("learn_capabilities", True),
    ("learn_capabilities", None),
    ("base_url", "https://llm.example.com/v1"),
    ("api_version", "2024-10-21"),
    ("model", "gpt-5"),
    ("models", {"small": "gpt-5-mini"}),
    ("dialects", ("openai_chat",)),
    ("request_headers", {"X-Team": "blue"}),
    ("template_env", ("TEAM",)),
    ("http_client.timeout_secs", 1.5),
    ("http_client.timeout_secs", None),
    ("http_client.connect_timeout_secs", 3),
    ("http_client.first_byte_timeout_secs", 30),
    ("http_client.idle_timeout_secs", None),
    ("http_client.pool_idle_timeout_secs", 20),
    ("http_client.tcp_keepalive_secs", None),
    ("http_client.max_connections", 8),
    ("http_client.max_retries", 3),
    ("circuit_breaker.failure_threshold", 3),
    ("health.min_requests", 5),
    ("cooldown.enabled", False),
    ("retry.max_retries", 1),
    ("timeouts.idle_secs", 20),
    ("hedge.after_ms", 300),
    ("switch_notification_message", "Now ${new_provider} answers."),
    ("request_body.defaults", {"temperature": 0.2, "metadata": {"team": None}}),
    ("request_body.overrides", {"stop": ["a", "b"]}),
]

INVALID = [
    ("type", "gemini"),
    ("enabled", "perhaps"),
    ("api_key", 5),
    ("api_keys", "sk-1"),
    ("forward_client_credentials", "always"),
    ("translation", "lossy"),
    ("capabilities", {"gpt-*": {"max_output_tokens": "many"}}),
    ("capabilities", {"gpt-*": {"telepathy": True}}),
    ("capabilities", ["gpt-*"]),
    ("server", "abacus"),
    ("learn_capabilities", "sometimes"),
    ("base_url", 5),
    ("api_version", 2024),
    ("deployments", ["a"]),
    ("model", ["gpt-5"]),
    ("models.small", 5),
    ("dialects", "openai_chat"),
    ("request_headers.X-Team", 5),
    ("template_env", {"TEAM": "x"}),
    ("http_client.timeout_secs", 0),
    ("http_client.connect_timeout_secs", -1),
    ("http_client.first_byte_timeout_secs", "soon"),
    ("http_client.idle_timeout_secs", 0),
    ("http_client.pool_idle_timeout_secs", None),
    ("http_client.tcp_keepalive_secs", 0.5),
    ("http_client.max_connections", 0),
    ("http_client.max_retries", -1),
    ("circuit_breaker.failure_threshold", 0),
    ("health.healthy_threshold", 95),
    ("cooldown.default_secs", 0),
    ("retry.budget_ratio", -0.1),
    ("timeouts.total_secs", "long"),
    ("hedge.enabled", "perhaps"),
    ("switch_notification_message", ["Hi"]),
    ("request_body.defaults", [1]),
    ("request_body.overrides", "x"),
    ("request_body.prepend_messages", {"role": "system"}),
    ("mock", {"latency_ms": -1}),
]


def provider(settings: dict[str, object], *, name: str = "azure") -> ProviderConfig:
    """The provider, beside another so that it may be turned off."""
    others = {"spare": {"type": "mock"}}
    return config_from_mapping({"providers": {**others, name: settings}}).providers[name]


def nested(path: str, value: object) -> dict[str, object]:
    *sections, key = path.split(".")
    document: dict[str, object] = {key: value}
    for section in reversed(sections):
        document = {section: document}
    return document


AZURE = {"type": "azure-openai", "base_url": "https://mine.openai.azure.com"}


@pytest.mark.parametrize(("path", "value"), VALID)
def test_takes_a_valid_value(path, value):
    found: object = provider({**AZURE, **nested(path, value)})
    for part in path.split("."):
        found = getattr(found, part)
    assert found == value


@pytest.mark.parametrize(("path", "value"), INVALID)
def test_refuses_an_invalid_value_and_names_its_key(path, value):
    with pytest.raises(ConfigurationError) as caught:
        provider({**AZURE, **nested(path, value)})
    assert f"providers.azure.{path}" in str(caught.value)


def test_every_key_is_tried_with_an_invalid_value():
    """A key that is added to the model gets its test with it."""
    tried = {path.partition(".")[0] for path, _ in INVALID}
    assert tried == {*ProviderConfig.__struct_fields__}


@pytest.mark.parametrize(
    ("profile", "field", "reason"),
    [
        ({"telepathy": True}, "telepathy", "unknown capability; known are sampling"),
        ({"max_output_tokens": "many"}, "max_output_tokens", "Expected `int | null`, got `str`"),
        ({"max_output_tokens": 0}, "max_output_tokens", "Expected `int` >= 1"),
        ({"sampling": 1}, "sampling", "Expected `bool`, got `int`"),
        ({"efforts": ["heroic"]}, "efforts", "Invalid enum value 'heroic'"),
        ({"efforts": ["high", "low"]}, "efforts", "must be in this order: none, minimal, low"),
        ({"thinking": "adaptive"}, "thinking", "Expected `array`, got `str`"),
        ({"system_role": "oracle"}, "system_role", "Invalid enum value 'oracle'"),
        ({"source": "hearsay"}, "source", "unknown capability"),
    ],
)
def test_a_wrong_capability_is_named_with_its_pattern(profile, field, reason):
    with pytest.raises(ConfigurationError) as caught:
        provider({**AZURE, "capabilities": {"gpt-5*": profile}})
    assert re.search(rf"providers\.azure\.capabilities\.\S*gpt-5\*\S*{field}", str(caught.value))
    assert reason in str(caught.value)


def test_every_wrong_capability_is_told_at_once():
    profiles = {"a": {"sampling": 0, "telepathy": 1}, "b": {"prefill": "yes"}}
    with pytest.raises(ConfigurationError) as caught:
        provider({**AZURE, "capabilities": profiles})
    assert all(name in str(caught.value) for name in ("a.sampling", "a.telepathy", "b.prefill"))


def test_a_server_is_one_that_a_dialect_of_the_provider_knows():
    settings = {"type": "anthropic", "server": "vllm"}
    with pytest.raises(ConfigurationError, match="known are anthropic, compatible"):
        provider(settings)
    vllm = {"type": "openai", "base_url": "http://gpu:8000/v1", "server": "vllm"}
    assert provider(vllm).server == "vllm"


def test_prepended_messages_have_a_role_and_a_text():
    found = provider(
        {
            **AZURE,
            "request_body": {"prepend_messages": [{"role": "system", "content": "Be brief."}]},
        }
    )
    (message,) = found.request_body.prepend_messages
    assert (message.role, message.content) == ("system", "Be brief.")


def test_a_prepended_message_without_content_is_named_by_its_position():
    body = {"prepend_messages": [{"role": "system", "content": "a"}, {"role": "user"}]}
    with pytest.raises(ConfigurationError) as caught:
        provider({**AZURE, "request_body": body})
    assert caught.value.path == "providers.azure.request_body.prepend_messages[1]"
    assert '"content" is missing' in caught.value.reason


@pytest.mark.parametrize("name", ["openai", "anthropic", "mock"])
def test_a_vendors_name_is_its_type(name):
    assert provider({}, name=name).type == name


def test_another_name_needs_a_type():
    with pytest.raises(ConfigurationError, match='"type" is missing: one of openai') as caught:
        provider({}, name="local")
    assert caught.value.path == "providers.local"


def test_a_vendors_name_may_have_another_type():
    assert provider(AZURE, name="openai").type == "azure-openai"


def test_the_mock_provider_has_options():
    found = provider({"mock": {"latency_ms": 20, "script": [{"text": "Hi"}]}}, name="mock")
    assert found.mock is not None
    assert found.mock.latency_ms == 20
    assert found.mock.script[0].text == "Hi"


def test_keys_are_used_in_the_order_given_and_empty_ones_are_none():
    found = provider({**AZURE, "api_key": "a", "api_keys": ["b", "", "c"]})
    assert found.keys == ("a", "b", "c")
    assert provider({**AZURE, "api_key": ""}).keys == ()


@pytest.mark.parametrize(
    ("settings", "dialects"),
    [
        ({"type": "openai"}, ("openai_responses", "openai_chat")),
        (
            {"type": "openai", "base_url": "https://eu.api.openai.com/v1"},
            ("openai_responses", "openai_chat"),
        ),
        ({"type": "openai", "base_url": "http://127.0.0.1:11434/v1"}, ("openai_chat",)),
        ({"type": "openai", "base_url": "https://notopenai.com/v1"}, ("openai_chat",)),
        ({"type": "anthropic"}, ("anthropic_messages",)),
        (AZURE, ("openai_responses", "openai_chat")),
        ({"type": "openai", "dialects": ["anthropic_messages"]}, ("anthropic_messages",)),
    ],
)
def test_dialects_follow_from_the_type_unless_named(settings, dialects):
    assert provider(settings).spoken_dialects == dialects


def test_the_mock_speaks_every_dialect():
    assert set(provider({}, name="mock").spoken_dialects) == set(DIALECTS)
