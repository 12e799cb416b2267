import os

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_egress import Connector
from lunaroute_egress.conversation import ConversationLayer, ResumedTurns, StoredAnswersDesk
from lunaroute_server.composition import compose
from lunaroute_server.config import Config, config_from_mapping
from lunaroute_server.config.provider import ProviderConfig


def composed(*, api_dialect="both", **providers):
    config = Config(api_dialect=api_dialect, providers=providers) if providers else Config()
    return compose(config, environment=os.environ)


def provider(kind, **fields):
    return ProviderConfig(type=kind, **fields)


def test_the_router_has_the_providers_that_are_enabled_and_goes_by_the_configuration():
    composition = composed(
        openai=provider("openai", enabled=False), other=provider("openai"), mock=provider("mock")
    )
    assert composition.provider is composition.router
    assert [*composition.router.providers] == ["other", "mock"]
    assert composition.router.table.defaults["openai"] == "other"


def test_another_configuration_can_be_put_in_effect():
    composition = composed(mock=provider("mock"))
    rule = {"name": "all", "primary": "mock"}
    config = config_from_mapping({"providers": {"mock": {}}, "routing": {"rules": [rule]}})
    composition.prepare(config)()
    assert [rule.name for rule in composition.router.table.rules] == ["all"]


def test_everyones_clients_are_served_unless_one_vendors_are_asked_for():
    assert composed().settings.vendors is None
    one = composed(api_dialect="anthropic", mock=provider("mock"))
    assert one.settings.vendors == {"anthropic"}


def connector_of(composition):
    """The one provider's connector, within what stands around it."""
    found = composition.provider.providers["one"]
    while not isinstance(found, Connector):
        found = found.provider
    return found


def capabilities(model, **settings):
    """What the one provider of a configuration takes a model to accept."""
    connector = connector_of(composed(one=provider(**settings)))
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
    assert connector_of(composed(one=provider(**settings))).learn is learns


def composed_with(home, **sections):
    document = {"providers": {"anthropic": {}, "mock": {}}, **sections}
    return compose(config_from_mapping(document), environment={"LUNAROUTE_HOME": str(home)})


def layer_of(composition):
    return composition.provider.providers["anthropic"]


def test_conversations_are_kept_whole_around_every_upstream(tmp_path):
    composition = composed_with(tmp_path)
    layer = layer_of(composition)
    assert isinstance(layer, ConversationLayer)
    assert layer.dialects == ("anthropic_messages",)
    assert layer.seal is not None
    assert layer.vault.ttl == 4 * 3600
    assert layer.stored is None
    assert len(composition.stores) == 1
    assert not isinstance(composition.provider.providers["mock"], ConversationLayer)


def test_models_are_sealed_under_the_upstreams_names_and_providers_are_strict_or_not(tmp_path):
    provider = {"models": {"fast": "claude-haiku-5"}, "translation": "strict"}
    layer = layer_of(composed_with(tmp_path, providers={"anthropic": provider}))
    assert layer.upstream_model("fast") == "claude-haiku-5"
    assert layer.strict is True


def test_the_secret_is_made_once_and_private(tmp_path):
    """Each worker and each restart must understand what clients bring back."""
    first, second = (layer_of(composed_with(tmp_path)).vault.tenants for _ in range(2))
    headers = ((b"authorization", b"Bearer sk-test"),)
    assert first.of(headers) == second.of(headers) != ""
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_configured_secret_makes_no_file(tmp_path):
    composed_with(tmp_path, state={"secret": "0123456789abcdef0123456789abcdef"})
    assert [*tmp_path.iterdir()] == []


def test_without_a_place_for_a_secret_the_gateway_is_composed_all_the_same(tmp_path):
    home = tmp_path / "file"
    home.write_text("")
    assert layer_of(composed_with(home)).seal is not None


def test_a_secret_that_is_none_is_an_error(tmp_path):
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="everybody may read it"):
        composed_with(tmp_path)


def test_without_the_tunnel_there_is_no_layer_and_no_secret(tmp_path):
    composition = composed_with(tmp_path, reasoning={"tunnel": False})
    assert not isinstance(layer_of(composition), ConversationLayer)
    assert composition.stores == []
    assert [*tmp_path.iterdir()] == []


def test_the_vault_can_be_turned_off_and_given_another_time(tmp_path):
    off = composed_with(tmp_path, reasoning={"vault": {"enabled": False}})
    assert layer_of(off).vault is None
    assert off.stores == []
    short = composed_with(tmp_path, reasoning={"vault": {"ttl_secs": 60}})
    assert layer_of(short).vault.ttl == 60


def test_answers_are_stored_where_that_is_asked_for(tmp_path):
    stored = {"enabled": True, "ttl_secs": 60}
    state = {"url": f"sqlite:///{tmp_path / 'state.db'}"}
    composition = composed_with(
        tmp_path, stored_responses=stored, reasoning={"tunnel": False}, state=state
    )
    desk = composition.provider
    assert isinstance(desk, StoredAnswersDesk)
    layer = desk.provider.providers["anthropic"]
    assert layer.stored is desk.stored
    assert (layer.stored.ttl, layer.seal, layer.vault) == (60, None, None)
    assert [store.path for store in composition.stores] == [tmp_path / "state.db"]


def cheapest(*, providers):
    strategy = {"type": "cheapest", "providers": [*providers]}
    document = {"providers": providers, "routing": {"rules": [{"strategy": strategy}]}}
    return config_from_mapping(document)


def test_the_cheapest_goes_by_the_prices_of_what_providers_call_the_models():
    config = cheapest(
        providers={
            "mine": {"type": "openai", "models": {"small": "gpt-4.1-nano"}},
            "big": {"type": "openai", "model": "gpt-4.1"},
            "elsewhere": {"type": "openai", "base_url": "http://gpu-7:8000/v1"},
            "mock": {},
        }
    )
    rule = compose(config, environment=os.environ).router.table.rules[0]
    prices = rule.tiers[0].strategy.prices
    assert prices.price("mine", "small").input < prices.price("big", "small").input
    assert prices.price("mine", "no such model") is None
    assert prices.price("elsewhere", "gpt-4.1") is None
    assert prices.price("mock", "echo") is None


def test_a_strategy_that_comes_later_finds_its_prices():
    providers = {"openai": {}, "anthropic": {}}
    composition = compose(config_from_mapping({"providers": providers}), environment=os.environ)
    composition.prepare(cheapest(providers=providers))()
    (rule,) = composition.router.table.rules
    assert rule.tiers[0].strategy.prices.price("openai", "gpt-4.1") is not None


def test_cool_downs_are_shared_where_state_is(tmp_path):
    state = {"url": f"sqlite:///{tmp_path / 'state.db'}"}
    composition = composed_with(tmp_path, state=state)
    (shared,) = composition.beside
    assert shared.states is composition.router.states
    assert shared.store is composition.stores[0]
    assert composed_with(tmp_path).beside == []
    alone = composed_with(tmp_path, state=state, routing={"share_cooldowns": False})
    assert alone.beside == []


def test_cool_downs_get_a_store_where_nothing_else_needs_one(tmp_path):
    state = {"url": f"sqlite:///{tmp_path / 'state.db'}"}
    composition = composed_with(tmp_path, state=state, reasoning={"tunnel": False})
    assert [store.path for store in composition.stores] == [tmp_path / "state.db"]
    assert composition.beside[0].store is composition.stores[0]


async def test_two_gateways_leave_a_provider_alone_together(tmp_path):
    state = {"url": f"sqlite:///{tmp_path / 'state.db'}"}
    one, other = (composed_with(tmp_path, state=state) for _ in range(2))
    settings = one.router.table.provider_settings["mock"]
    async with one.stores[0], other.stores[0]:
        one.router.states.of("mock", settings).cooldowns.cool("echo", 30, started=0)
        for composition in (one, other):
            await composition.beside[0].exchange()
        assert other.router.states.of("mock", settings).cooldowns.remaining("echo") > 29


async def test_what_is_kept_is_encrypted(tmp_path):
    state = {"url": f"sqlite:///{tmp_path / 'state.db'}"}
    composition = composed_with(tmp_path, state=state)
    (file,) = composition.stores
    async with file:
        await layer_of(composition).vault.store.set("k", b"canary")
        assert await layer_of(composition).vault.store.get("k") == b"canary"
        assert b"canary" not in (await file.get("k") or b"canary")


def test_turns_go_on_where_a_model_pauses_them_with_or_without_the_tunnel(tmp_path):
    for tunnel in (True, False):
        found = layer_of(composed_with(tmp_path, reasoning={"tunnel": tunnel}))
        layer = found.provider if tunnel else found
        assert isinstance(layer, ResumedTurns)
        assert isinstance(layer.provider, Connector)
        assert layer.dialects == ("anthropic_messages",)
        assert (layer.continuations, layer.adds_tools) == (10, False)


def test_they_have_the_providers_deadlines_and_the_operators_tools_may_pause_them(tmp_path):
    settings = {
        "http_client": {"timeout_secs": 7},
        "request_body": {"defaults": {"tools": [{"type": "web_search_20250305"}]}},
    }
    layer = layer_of(composed_with(tmp_path, providers={"anthropic": settings})).provider
    assert (layer.deadlines.total, layer.adds_tools) == (7, True)


def test_what_never_pauses_is_not_looked_at():
    layer = composed(one=provider("openai")).provider.providers["one"]
    assert isinstance(layer.provider, Connector)
