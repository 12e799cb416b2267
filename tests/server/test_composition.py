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
