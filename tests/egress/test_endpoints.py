"""Where requests go, and with which header a key is shown."""

import pytest

from lunaroute_egress import AnthropicEndpoint, AzureOpenAIEndpoint, OpenAIEndpoint
from lunaroute_egress.endpoints import trusts_client_credentials


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
        ("http://localhost:11434", "http://localhost:11434/v1/chat/completions"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"),
        (
            "https://chatgpt.com/backend-api/codex",
            "https://chatgpt.com/backend-api/codex/chat/completions",
        ),
    ],
)
def test_openai_base_url_holds_the_version(base_url, expected):
    assert (
        OpenAIEndpoint(base_url=base_url).url("/v1/chat/completions", model="m", query="")
        == expected
    )


@pytest.mark.parametrize("base_url", ["https://api.anthropic.com", "https://api.anthropic.com/v1/"])
def test_anthropic_base_url_is_without_version(base_url):
    endpoint = AnthropicEndpoint(base_url=base_url)
    url = endpoint.url("/v1/messages", model="m", query="beta=true")
    assert url == "https://api.anthropic.com/v1/messages?beta=true"
    assert endpoint.url("/api/hello", model="", query="") == "https://api.anthropic.com/api/hello"


def test_azure_classic_path_names_the_deployment():
    endpoint = AzureOpenAIEndpoint(
        base_url="https://n.openai.azure.com/",
        api_version="2024-10-21",
        deployments={"gpt-5": "prod 5"},
    )
    assert endpoint.url("/v1/chat/completions", model="gpt-5", query="a=b") == (
        "https://n.openai.azure.com/openai/deployments/prod%205/chat/completions"
        "?a=b&api-version=2024-10-21"
    )
    assert endpoint.url("/v1/responses", model="gpt-5", query="") == (
        "https://n.openai.azure.com/openai/responses?api-version=2024-10-21"
    )


def test_azure_v1_path_needs_no_api_version():
    endpoint = AzureOpenAIEndpoint(base_url="https://n.openai.azure.com/openai")
    url = endpoint.url("/v1/chat/completions", model="gpt-5", query="")
    assert url == "https://n.openai.azure.com/openai/v1/chat/completions"


def test_each_vendor_has_its_key_header():
    azure = AzureOpenAIEndpoint(base_url="https://n.openai.azure.com")
    assert OpenAIEndpoint().key_header("k") == (b"authorization", b"Bearer k")
    assert AnthropicEndpoint().key_header("k") == (b"x-api-key", b"k")
    assert AnthropicEndpoint().key_header("sk-ant-oat01-x")[0] == b"authorization"
    assert azure.key_header("k") == (b"api-key", b"k")


@pytest.mark.parametrize(
    ("endpoint", "trusted"),
    [
        (OpenAIEndpoint(), True),
        (OpenAIEndpoint(base_url="https://eu.api.openai.com/v1"), True),
        (OpenAIEndpoint(base_url="http://127.0.0.1:9/v1"), True),
        (OpenAIEndpoint(base_url="http://[::1]:9/v1"), True),
        (OpenAIEndpoint(base_url="http://localhost:9/v1"), True),
        (OpenAIEndpoint(base_url="https://openrouter.ai/api/v1"), False),
        (OpenAIEndpoint(base_url="https://api.openai.com.evil.example/v1"), False),
        (OpenAIEndpoint(base_url="https://evilopenai.com/v1"), False),
        (OpenAIEndpoint(base_url="http://api.openai.com/v1"), False),
        (AzureOpenAIEndpoint(base_url="https://anyone.openai.azure.com"), False),
        (AnthropicEndpoint(), True),
        (AnthropicEndpoint(base_url="https://api.openai.com"), False),
    ],
)
def test_client_credentials_are_trusted_to_the_vendor_and_to_this_machine_only(endpoint, trusted):
    assert trusts_client_credentials(endpoint) is trusted
