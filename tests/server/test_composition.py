import pytest

from lunaroute_server.composition import compose
from lunaroute_server.config import Config
from lunaroute_server.config.provider import ProviderConfig


def composed(*, api_dialect="both", **providers):
    config = Config(api_dialect=api_dialect, providers=providers) if providers else Config()
    return compose(config, environment={})


def provider(kind, **fields):
    return ProviderConfig(type=kind, **fields)


def test_each_vendors_clients_reach_the_provider_of_its_type():
    router = composed().provider
    assert router.vendors["openai"] == "openai"
    assert router.vendors["anthropic"] == "anthropic"


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["first", "second"], "first"),
        (["first", "openai"], "openai"),
        (["openai", "second"], "openai"),
    ],
)
def test_of_several_the_one_of_the_vendors_name_else_the_first(names, chosen):
    router = composed(**{name: provider("openai") for name in names}).provider
    assert router.vendors["openai"] == chosen
    assert "anthropic" not in router.vendors


def test_a_provider_that_is_turned_off_serves_nobody():
    router = composed(
        openai=provider("openai", enabled=False), other=provider("openai"), mock=provider("mock")
    ).provider
    assert router.vendors["openai"] == "other"


def test_everyones_clients_are_served_unless_one_vendors_are_asked_for():
    assert composed().settings.vendors is None
    one = composed(api_dialect="anthropic", mock=provider("mock"))
    assert one.settings.vendors == {"anthropic"}


def capabilities(model, **settings):
    """What the one provider of a configuration takes a model to accept."""
    connector = composed(one=provider(**settings)).provider.providers["one"].provider
    return connector.capabilities(model, connector.dialects[0])


def test_a_compatible_servers_address_makes_a_cautious_profile():
    local = {"kind": "openai", "base_url": "http://gpu-7:8000/v1"}
    known = capabilities("gpt-4.1", **local)
    assert (known.first_party, known.output_limit_field) == (False, "max_tokens")
    assert capabilities("gpt-4.1", kind="openai").first_party
    assert capabilities("gpt-4.1", **local, server="openai").first_party


def test_a_named_server_brings_its_quirks():
    local = {"kind": "openai", "base_url": "http://gpu-7:8000/v1"}
    assert not capabilities("m", **local).needs_user_turn
    assert capabilities("m", **local, server="vllm").needs_user_turn


def test_azure_is_openai_at_any_address():
    azure = {"kind": "azure-openai", "base_url": "https://llm.corp.example.com"}
    known = capabilities("my-deployment", **azure, dialects=("openai_chat",))
    assert (known.first_party, known.output_limit_field) == (True, "max_completion_tokens")


def test_an_operators_profile_goes_first():
    own = {"gpt-*": {"max_stop_sequences": 1}}
    assert capabilities("gpt-4.1", kind="openai", capabilities=own).max_stop_sequences == 1


@pytest.mark.parametrize(
    ("settings", "learns"),
    [
        ({"kind": "anthropic"}, True),
        ({"kind": "anthropic", "learn_capabilities": False}, False),
        ({"kind": "anthropic", "base_url": "http://gpu-7:8000"}, False),
        ({"kind": "anthropic", "base_url": "http://gpu-7:8000", "server": "anthropic"}, True),
        ({"kind": "anthropic", "base_url": "http://x", "learn_capabilities": True}, True),
        ({"kind": "openai"}, False),
    ],
)
def test_only_who_is_known_to_state_capabilities_is_asked_for_them(settings, learns):
    assert composed(one=provider(**settings)).provider.providers["one"].provider.learn is learns
