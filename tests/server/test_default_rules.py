"""Where requests go that no rule takes, as the Router sees it."""

import asyncio

import pytest

from lunaroute_core import UpstreamTimeoutError
from lunaroute_core.testing import FakeProvider, chat_request
from lunaroute_routing import Router
from lunaroute_server.config import config_from_mapping
from lunaroute_server.default_rules import vendor_providers_of
from lunaroute_server.route_table import route_table

KEY = {"api_key": "sk-1"}


async def asked(providers, *, model, dialect, routing=None):
    """The provider that a request reaches."""
    config = config_from_mapping({"providers": providers, "routing": routing or {}})
    fakes = {name: FakeProvider(name=name) for name, one in config.providers.items() if one.enabled}
    router = Router(providers=fakes, table=route_table(config))
    await router.send(chat_request(model=model, dialect=dialect))
    (name,) = [name for name, fake in fakes.items() if fake.requests]
    return name


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["first", "second"], "first"),
        (["first", "openai"], "openai"),
        (["openai", "second"], "openai"),
    ],
)
def test_a_vendors_provider_is_the_one_of_its_name_else_the_first_of_its_type(names, chosen):
    config = config_from_mapping({"providers": {name: {"type": "openai"} for name in names}})
    assert vendor_providers_of(config.providers) == {"openai": chosen}


@pytest.mark.parametrize(
    ("dialect", "vendor"),
    [
        ("openai_chat", "openai"),
        ("openai_responses", "openai"),
        ("anthropic_messages", "anthropic"),
    ],
)
async def test_clients_reach_their_own_vendor(dialect, vendor):
    providers = {"anthropic": {}, "openai": {}}
    assert await asked(providers, model="m", dialect=dialect) == vendor


@pytest.mark.parametrize(
    ("model", "dialect", "vendor"),
    [
        ("claude-sonnet-4-5", "openai_chat", "anthropic"),
        ("claude-sonnet-4-5", "openai_responses", "anthropic"),
        ("claude-sonnet-4-5", "anthropic_messages", "anthropic"),
        ("gpt-5", "anthropic_messages", "openai"),
        ("o3-mini", "anthropic_messages", "openai"),
        ("chatgpt-4o-latest", "anthropic_messages", "openai"),
        ("codex-mini-latest", "anthropic_messages", "openai"),
        ("ft:gpt-4o:mine::1", "anthropic_messages", "openai"),
        ("my-gpt-5", "anthropic_messages", "anthropic"),
        ("opus", "anthropic_messages", "anthropic"),
    ],
)
async def test_another_vendors_models_are_had_with_the_gateways_key(model, dialect, vendor):
    providers = {"openai": KEY, "anthropic": KEY}
    assert await asked(providers, model=model, dialect=dialect) == vendor


@pytest.mark.parametrize(
    ("model", "dialect", "vendor"),
    [
        ("claude-sonnet-4-5", "openai_chat", "openai"),
        ("gpt-5", "anthropic_messages", "anthropic"),
    ],
)
async def test_without_a_key_of_the_gateways_own_clients_stay_with_their_vendor(
    model, dialect, vendor
):
    """Their own key is no use elsewhere."""
    assert await asked({"openai": {}, "anthropic": {}}, model=model, dialect=dialect) == vendor


@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic_messages"])
async def test_a_listed_model_is_had_from_whoever_lists_it(dialect):
    providers = {
        "openai": {},
        "anthropic": {},
        "local": {"type": "openai", "models": {"small": "qwen"}},
    }
    assert await asked(providers, model="small", dialect=dialect) == "local"


@pytest.mark.parametrize(
    ("dialect", "vendor"), [("openai_chat", "openai"), ("anthropic_messages", "anthropic")]
)
async def test_of_several_that_list_a_model_the_clients_own_vendor_goes_first(dialect, vendor):
    providers = {
        "other": {"type": "openai", "models": {"fast": "x"}},
        "openai": {"models": {"fast": "gpt-5-mini"}},
        "anthropic": {"models": {"fast": "claude-haiku"}},
    }
    assert await asked(providers, model="fast", dialect=dialect) == vendor


@pytest.mark.parametrize("priority", [10, 0, -7])
async def test_every_configured_rule_goes_before_them(priority):
    providers = {"openai": KEY, "anthropic": KEY, "local": {"type": "openai", "models": {"a": "b"}}}
    routing = {"rules": [{"primary": "anthropic", "priority": priority}]}
    for model in ("a", "gpt-5", "m"):
        found = await asked(providers, model=model, dialect="openai_chat", routing=routing)
        assert found == "anthropic"


async def test_a_provider_that_is_turned_off_serves_nobody():
    providers = {
        "openai": {"enabled": False, "models": {"a": "b"}},
        "other": {"type": "openai"},
    }
    assert await asked(providers, model="a", dialect="openai_chat") == "other"


async def test_a_providers_deadline_holds_for_its_vendors_clients():
    document = {"providers": {"openai": {"timeouts": {"total_secs": 0.01}}}}
    silent = FakeProvider(lambda _request: asyncio.Event().wait(), name="openai")
    table = route_table(config_from_mapping(document))
    router = Router(providers={"openai": silent}, table=table)
    with pytest.raises(UpstreamTimeoutError, match=r"total deadline of 0\.01 s"):
        await router.send(chat_request())


def test_their_names_are_the_gateways_own():
    document = {"providers": {"openai": {**KEY, "models": {"a": "b"}}, "anthropic": KEY}}
    names = [rule.name for rule in route_table(config_from_mapping(document)).rules]
    assert names == ["default:models:openai", "default:vendor:openai", "default:vendor:anthropic"]
