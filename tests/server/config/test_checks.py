import pytest

from lunaroute_server.config import BypassConfig, Config, HttpServerConfig, ProviderConfig, check
from lunaroute_server.config.key_path import format_path

SPARE = {"spare": ProviderConfig(type="openai")}


def problems(config):
    return {format_path(problem.path): problem.reason for problem in check(config)}


def of_provider(**settings):
    provider = ProviderConfig(**settings)
    found = problems(Config(providers={**SPARE, "p": provider}))
    return {path.removeprefix("providers.p."): reason for path, reason in found.items()}


def test_the_default_is_right():
    assert check(Config()) == ()


@pytest.mark.parametrize(
    "providers", [{}, {"openai": ProviderConfig(type="openai", enabled=False)}]
)
def test_some_provider_must_be_enabled(providers):
    assert problems(Config(providers=providers)) == {"providers": "no provider is enabled"}


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a.b", "-a"])
def test_a_providers_name_can_stand_before_a_model(name):
    found = problems(Config(providers={name: ProviderConfig(type="openai")}))
    assert len(found) == 1
    assert "letters, digits" in next(iter(found.values()))


@pytest.mark.parametrize(
    ("provider", "reason"),
    [
        ("gemini", 'there is no provider "gemini"'),
        ("off", 'provider "off" is not enabled'),
        ("mock", "the mock provider has no paths of a vendor"),
    ],
)
def test_the_bypass_leads_to_an_enabled_vendor(provider, reason):
    providers = {
        **SPARE,
        "off": ProviderConfig(type="openai", enabled=False),
        "mock": ProviderConfig(type="mock"),
    }
    config = Config(providers=providers, bypass=BypassConfig(provider=provider))
    assert problems(config) == {"bypass.provider": reason}


@pytest.mark.parametrize("host", ["https://gateway.internal", "gateway:8081", "GATEWAY", "a/b", ""])
def test_an_allowed_host_is_a_bare_name(host):
    config = Config(http_server=HttpServerConfig(allowed_hosts=("fine.internal", host)))
    assert [*problems(config)] == ["http_server.allowed_hosts[1]"]


@pytest.mark.parametrize(
    "origin", ["app.example.com", "https://app.example.com/", "https://APP.example.com", "null"]
)
def test_an_allowed_origin_is_what_browsers_send(origin):
    config = Config(http_server=HttpServerConfig(allowed_origins=(origin,)))
    assert [*problems(config)] == ["http_server.allowed_origins[0]"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("api.example.com/v1", "must be an http:// or https:// URL with a host"),
        ("ftp://api.example.com", "must be an http:// or https:// URL with a host"),
        ("https://", "must be an http:// or https:// URL with a host"),
        ("https://:443/v1", "must be an http:// or https:// URL with a host"),
        ("https://host:99999", "must be an http:// or https:// URL with a host"),
        ("https://[::1", "must be an http:// or https:// URL with a host"),
        ("https://host/v1?key=1", "must have neither a query nor a fragment"),
        ("https://host/v1#top", "must have neither a query nor a fragment"),
        ("https://me:secret@host/v1", "must not hold a password: set it in request_headers"),
    ],
)
def test_a_base_url_is_one_that_can_be_called(url, reason):
    assert of_provider(type="openai", base_url=url) == {"base_url": reason}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8081"),
        ("127.0.0.1", "http://localhost:8081/v1"),
        ("localhost", "http://[::1]:8081"),
        ("0.0.0.0", "http://localhost:8081"),
        ("::", "http://127.0.0.2:8081"),
        ("gateway.internal", "http://Gateway.internal:8081"),
    ],
)
def test_a_base_url_does_not_lead_back_here(host, url):
    provider = ProviderConfig(type="openai", base_url=url)
    found = problems(Config(host=host, providers={"p": provider}))
    assert [*found] == ["providers.p.base_url"]
    assert "this gateway itself" in found["providers.p.base_url"]


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("127.0.0.1", 8081, "http://127.0.0.1:11434/v1"),
        ("127.0.0.1", 8081, "https://api.example.com:8081/v1"),
        ("gateway.internal", 8081, "http://127.0.0.1:8081"),
        ("127.0.0.1", 443, "http://127.0.0.1/v1"),
    ],
)
def test_a_base_url_may_lead_to_another_server(host, port, url):
    provider = ProviderConfig(type="openai", base_url=url)
    assert check(Config(host=host, port=port, providers={"p": provider})) == ()


def test_the_default_port_of_a_url_counts():
    provider = ProviderConfig(type="openai", base_url="http://localhost/v1")
    assert len(check(Config(port=80, providers={"p": provider}))) == 1


def test_azure_needs_a_base_url():
    assert [*of_provider(type="azure-openai")] == ["base_url"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"type": "openai", "api_version": "2024"}, "api_version"),
        ({"type": "openai", "deployments": {"a": "b"}}, "deployments"),
        ({"type": "openai", "mock": {}}, "mock"),
        (
            {"type": "azure-openai", "base_url": "https://a", "deployments": {"a": "b"}},
            "deployments",
        ),
        ({"type": "mock", "api_key": "sk"}, "api_key"),
        ({"type": "mock", "base_url": "https://host"}, "base_url"),
        ({"type": "mock", "models": {"a": "b"}}, "models"),
        ({"type": "mock", "request_headers": {"X-A": "1"}}, "request_headers"),
        ({"type": "openai", "model": "a", "models": {"b": "c"}}, "models"),
    ],
)
def test_a_key_without_effect_is_a_problem(settings, key):
    assert [*of_provider(**settings)] == [key]


@pytest.mark.parametrize(
    ("dialects", "path"),
    [
        ((), "dialects"),
        (("openai_chat", "gemini"), "dialects[1]"),
        (("openai_chat",) * 2, "dialects[1]"),
    ],
)
def test_dialects_are_registered_ones(dialects, path):
    assert [*of_provider(type="openai", dialects=dialects)] == [path]
