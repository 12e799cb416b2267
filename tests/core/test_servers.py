"""What is known of the servers that speak a dialect."""

import msgspec
import pytest

from lunaroute_core.capabilities import Capabilities, capabilities_of
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.servers import server_at, servers

EVERY = [(dialect, server) for dialect in DIALECTS for server in servers(dialect)]


def known_at(base_url, model, dialect="openai_chat", **settings):
    return capabilities_of(dialect, model, server=server_at(dialect, base_url), **settings)


@pytest.mark.parametrize(("dialect", "server"), EVERY, ids=lambda it: getattr(it, "name", it))
def test_every_server_says_what_exists_and_whence(dialect, server):
    assert server.source
    msgspec.convert(server.capabilities, Capabilities)
    for fields in server.models.values():
        msgspec.convert(fields, Capabilities)
    assert server_at(dialect, "https://x.test", name=server.name) == server


@pytest.mark.parametrize("dialect", [*DIALECTS])
def test_names_are_unique_and_the_last_server_is_any(dialect):
    names = [server.name for server in servers(dialect)]
    assert len(set(names)) == len(names)
    assert servers(dialect)[-1].hosts == ("*",)
    assert all("*" not in server.hosts for server in servers(dialect)[:-1])


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://API.OPENAI.COM/v1", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.mistral.ai/v1", "mistral"),
        ("https://api.deepseek.com", "deepseek"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("http://127.0.0.1:11434/v1", "ollama"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://gpu-7:1234/v1", "lm_studio"),
        ("http://gpu-7:8000/v1", "compatible"),
        ("https://api.openai.com.example.net/v1", "compatible"),
        ("https://notopenai.com/v1", "compatible"),
    ],
)
def test_a_server_is_told_by_its_address(base_url, name):
    assert server_at("openai_chat", base_url).name == name


def test_a_name_goes_before_the_address():
    assert server_at("openai_chat", "http://gpu-7:8000/v1", name="vllm").name == "vllm"
    assert server_at("openai_chat", "https://api.openai.com", name="unheard-of").name == "openai"


def test_a_dialect_may_know_of_no_servers(toy_dialect):
    assert server_at(toy_dialect.name, "https://x.test") is None


@pytest.mark.parametrize("model", ["gpt-5.6-sol", "gpt-4.1", "o3", "llama-4"])
@pytest.mark.parametrize("server", servers("openai_chat")[2:], ids=lambda it: it.name)
def test_other_servers_get_nothing_that_only_openai_takes(server, model):
    known = capabilities_of("openai_chat", model, server=server)
    assert (known.first_party, known.cache_marks, known.web_search) == (False, False, False)
    assert known.system_role == "system"
    assert (known.output_limit_field == "max_tokens") == (server.name != "groq")


def test_openais_own_server_takes_the_newer_limit_under_any_name():
    """Names of deployments and of models that are not known yet."""
    for base_url in ("https://api.openai.com/v1", "https://mine.openai.azure.com"):
        known = known_at(base_url, "my-deployment")
        assert (known.first_party, known.output_limit_field) == (True, "max_completion_tokens")
        assert not known.cache_marks


def test_the_names_of_models_still_count_on_other_servers():
    known = known_at("http://gpu-7:8000/v1", "gpt-5")
    assert (known.sampling, known.efforts) == (False, ("minimal", "low", "medium", "high"))


def test_a_servers_models_may_differ_from_its_others():
    url = "https://api.groq.com/openai/v1"
    assert known_at(url, "openai/gpt-oss-120b").structured_output
    assert not known_at(url, "llama-3.3-70b-versatile").structured_output


def test_what_is_nearer_goes_before_what_is_farther():
    """The model's name, the server, the server's list, the operator."""
    url, model = "https://api.deepseek.com", "deepseek-v4-pro"
    assert capabilities_of("openai_chat", model).efforts == ()
    assert known_at(url, model).efforts == ("low", "high", "max")
    stated = {"efforts": ["low"], "max_stop_sequences": 1}
    assert known_at(url, model, stated=stated).efforts == ("low",)
    own = {"deepseek*": {"efforts": ["high"]}}
    known = known_at(url, model, stated=stated, own=own)
    assert (known.efforts, known.max_stop_sequences) == (("high",), 1)
    assert not known.structured_output


def test_only_anthropic_is_known_to_state_what_its_models_accept():
    stating = [server.name for _, server in EVERY if server.states_capabilities]
    assert stating == ["anthropic"]
    assert server_at("anthropic_messages", "https://api.anthropic.com").states_capabilities
