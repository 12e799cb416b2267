"""Which route a request takes."""

from contextlib import asynccontextmanager
from functools import partial

import attrs
import pytest

from lunaroute_core import (
    ConfigurationError,
    InvalidRequestError,
    ModelResponse,
    Operation,
    RequestError,
    WireResponse,
)
from lunaroute_core.testing import chat_request, check_provider, text_response, wire_request
from lunaroute_routing import (
    BreakerSettings,
    HedgeSettings,
    Match,
    Router,
    RouteTable,
    RoutingSettings,
    Rule,
    Target,
    Tier,
    TimeoutSettings,
)

VENDORS = {"openai": "openai", "anthropic": "anthropic"}


@pytest.fixture
def three(bench):
    for name in ("openai", "anthropic", "mock"):
        bench.provider(name)
    return bench


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("openai_chat", "openai"),
        ("openai_responses", "openai"),
        ("anthropic_messages", "anthropic"),
    ],
)
async def test_without_rules_a_client_reaches_its_own_vendor(three, dialect, expected):
    await three.router(defaults=VENDORS).send(chat_request(dialect=dialect))
    assert three.asked == {expected: 1}


async def test_a_model_prefix_picks_the_provider_and_is_taken_off(three):
    router = three.router(defaults=VENDORS)
    await router.send(wire_request(b'{"model": "mock/echo", "messages": []}'))
    (request,) = three.providers["mock"].requests
    assert request.model == "echo"
    assert request.wire.body == b'{"model": "echo", "messages": []}'


async def test_a_prefix_that_is_no_provider_belongs_to_the_model(three):
    await three.router(defaults=VENDORS).send(chat_request(model="meta-llama/llama-4"))
    assert three.providers["openai"].requests[0].model == "meta-llama/llama-4"


async def test_the_header_picks_the_provider_for_streams_too(three):
    request = chat_request(stream=True)
    request.context.provider_override = "mock"
    async with await three.router(defaults=VENDORS).stream(request) as stream:
        async for _ in stream:
            pass
    assert three.asked == {"mock": 1}


async def test_the_header_leaves_another_providers_prefix_in_the_models_name(three):
    """OpenRouter and its like have models of such names."""
    request = chat_request(model="anthropic/claude-5")
    request.context.provider_override = "openai"
    await three.router(defaults=VENDORS).send(request)
    assert three.providers["openai"].requests[0].model == "anthropic/claude-5"


async def test_the_header_goes_before_rules_and_falls_back_nowhere(three, rule, failing):
    three.provider("mock", failing("server"))
    request = chat_request()
    request.context.provider_override = "mock"
    with pytest.raises(Exception, match="server from upstream"):
        await three.router(rule("openai", "anthropic")).send(request)
    assert three.asked == {"mock": 1}


@pytest.mark.parametrize("model", ["m", "mock/echo"])
async def test_an_unknown_provider_in_the_header_is_an_error_that_names_the_known(three, model):
    request = chat_request(model=model)
    request.context.provider_override = "nobody"
    with pytest.raises(InvalidRequestError, match="openai, anthropic, mock") as caught:
        await three.router(defaults=VENDORS).send(request)
    assert caught.value.details.param == "X-Luna-Provider"


@pytest.mark.parametrize(("name", "expected"), [("cheap", "mock"), ("anthropic", "anthropic")])
async def test_a_route_can_be_named(three, rule, name, expected):
    router = three.router(rule("openai"), rule("mock", name="cheap"))
    request = chat_request()
    request.context.route_override = name
    await router.send(request)
    assert three.asked == {expected: 1}
    assert request.context.route == name


async def test_an_unknown_route_is_an_error_that_names_the_known(three, rule):
    request = chat_request()
    request.context.route_override = "nowhere"
    with pytest.raises(InvalidRequestError, match="only all, openai, anthropic, mock") as caught:
        await three.router(rule("openai")).send(request)
    assert caught.value.details.param == "X-Luna-Route"


@pytest.mark.parametrize(("name", "expected"), [("mock", "mock"), ("cheap", "anthropic")])
async def test_a_marker_names_a_provider_or_a_route_and_is_not_sent(three, rule, name, expected):
    router = three.router(rule("openai"), rule("anthropic", name="cheap"))
    body = b'{"model":"m","messages":[{"role":"user","content":"[LUNAROUTE:%s] hi"}]}'
    await router.send(wire_request(body % name.encode()))
    assert three.asked == {expected: 1}
    assert b"LUNAROUTE" not in three.providers[expected].requests[0].wire.body


async def test_a_marker_that_names_nothing_chooses_nothing(three, rule):
    body = b'{"model":"m","messages":[{"role":"user","content":"[LUNAROUTE:else] hi"}]}'
    await three.router(rule("anthropic")).send(wire_request(body))
    assert three.asked == {"anthropic": 1}


async def test_configured_rules_are_read(three, rule):
    """The original parses `routing.rules` and never looks at them."""
    router = three.router(
        rule("mock", match=Match(model_pattern="^gpt-")),
        rule("anthropic", name="rest"),
        defaults=VENDORS,
    )
    await router.send(chat_request(model="gpt-5"))
    await router.send(chat_request(model="o4"))
    assert three.asked == {"mock": 1, "anthropic": 1}


async def test_a_target_can_rename_the_model(three, rule):
    router = three.router(rule(Target(provider="anthropic", model="claude-5")))
    await router.send(wire_request(b'{"model": "gpt-5", "messages": []}'))
    assert three.providers["anthropic"].requests[0].wire.body == (
        b'{"model": "claude-5", "messages": []}'
    )


async def test_without_a_provider_for_the_vendor_the_first_one_is_asked(three):
    await three.router().send(chat_request(dialect="anthropic_messages"))
    assert three.asked == {"openai": 1}


async def test_nothing_is_forwarded_to_another_vendor(three):
    """What the gateway does not understand it cannot take to a vendor it is not meant for."""
    router = three.router(defaults={"openai": "openai"})
    request = attrs.evolve(chat_request(dialect="anthropic_messages"), operation=Operation.FORWARD)
    with pytest.raises(RequestError, match="anthropic"):
        await router.stream(request)
    assert three.asked == {}


async def test_a_rule_for_everything_takes_no_forwarded_requests(three, rule):
    router = three.router(rule("mock"), defaults=VENDORS)
    request = attrs.evolve(wire_request(b'{"model":"m"}'), operation=Operation.FORWARD)
    await router.send(request)
    assert three.asked == {"openai": 1}


def test_a_router_needs_a_provider():
    with pytest.raises(ValueError, match="at least one"):
        Router(providers={})


def test_a_rule_must_lead_somewhere(three, rule):
    with pytest.raises(ConfigurationError, match='no provider "nobody"'):
        three.router(rule("nobody"))


def test_a_default_must_lead_somewhere(three):
    with pytest.raises(ConfigurationError, match='no provider "nobody"'):
        three.router(defaults={"openai": "nobody"})


async def test_another_table_holds_from_the_next_request_on(three, rule):
    router = three.router(rule("openai"))
    await router.send(chat_request())
    router.replace(RouteTable(rules=[rule("mock")]))
    await router.send(chat_request())
    assert three.asked == {"openai": 1, "mock": 1}


async def test_a_wrong_table_changes_nothing(three, rule):
    router = three.router(rule("openai"))
    with pytest.raises(ConfigurationError):
        router.replace(RouteTable(rules=[rule("nobody")]))
    await router.send(chat_request())
    assert three.asked == {"openai": 1}


async def test_a_wrong_table_leaves_nothing_behind(three, rule):
    router = three.router(rule("openai"))
    before = router.snapshot()
    other = RoutingSettings(breaker=BreakerSettings(failure_threshold=9))
    with pytest.raises(ConfigurationError):
        router.replace(RouteTable(rules=[rule("openai", settings=other), rule("nobody", name="x")]))
    assert router.snapshot() == before


async def test_what_is_known_of_a_provider_outlives_a_table(three, rule, failing):
    three.provider("openai", *[failing("server")] * 5, text_response())
    router = three.router(rule("openai", "mock"))
    for _ in range(5):
        await router.send(chat_request())
    router.replace(RouteTable(rules=[rule("openai", "anthropic", name="other")]))
    await router.send(chat_request())
    assert three.asked == {"openai": 5, "mock": 5, "anthropic": 1}


async def test_routers_nest(three, rule):
    inner = three.router(rule("mock"))
    outer = Router(
        providers={"inner": inner, "openai": three.providers["openai"]},
        table=RouteTable(rules=[rule("inner", "openai")]),
    )
    answer = await outer.send(chat_request())
    assert answer.provider == "mock"
    assert three.asked == {"mock": 1}


@pytest.fixture
def nested(three, rule):
    """A Router behind another one that knows it as `inner`."""
    settings = RoutingSettings(timeouts=TimeoutSettings(idle_secs=3, total_secs=30))
    return Router(
        providers={"inner": three.router(rule("mock", name="own")), **three.providers},
        table=RouteTable(
            rules=[rule("inner", "openai", name="outer", settings=settings)],
            defaults={"openai": "openai"},
        ),
        clock=three.clock,
    )


@pytest.mark.parametrize("named", ["provider_override", "route_override"])
async def test_what_the_client_names_is_said_to_the_outer_router(three, nested, named):
    request = chat_request()
    name = "inner" if named == "provider_override" else "outer"
    setattr(request.context, named, name)
    assert nested.explain(request).route == name
    assert (await nested.send(request)).provider == "mock"
    assert three.asked == {"mock": 1}
    assert getattr(request.context, named) == name


async def test_so_it_is_for_lists_of_models(three, nested):
    def models(request):
        assert request.context.provider_override is None
        body = b'{"data": [{"id": "echo"}]}'
        wire = WireResponse(dialect="openai_chat", status=200, headers=(), body=body)
        return ModelResponse(provider="mock", model="", wire=wire)

    three.provider("mock", models)
    inner = three.router(listing=("mock",), defaults={"openai": "mock"})
    outer = Router(providers={"inner": inner}, table=RouteTable())
    request = attrs.evolve(
        wire_request(b'{"model": "m"}'), model="", operation=Operation.LIST_MODELS
    )
    request.context.provider_override = "inner"
    answer = await outer.send(request)
    assert b'"inner/echo"' in answer.wire.body
    assert request.context.attempts == 1


async def test_the_route_is_the_outer_routers(nested):
    request = chat_request()
    await nested.send(request)
    assert request.context.route == "outer"


async def test_deadlines_reach_through_routers(three, nested, monkeypatch):
    seen = []
    mock = three.providers["mock"]
    answer = mock.send

    async def send(request):
        seen.append(request.context.deadlines)
        return await answer(request)

    monkeypatch.setattr(mock, "send", send)
    request = chat_request()
    await nested.send(request)
    (deadlines,) = seen
    assert (deadlines.idle, deadlines.total) == (3, 30)
    assert request.context.deadlines is None


async def test_a_router_lacks_what_it_does_not_know(three):
    request = chat_request()
    request.context.provider_override = "nobody"
    assert "nobody" in three.router().lacks(request)


async def test_where_tokens_are_counted_is_not_where_a_tool_loop_is_held(three, rule, failing):
    def count_no_tokens(request):
        counts = request.operation is Operation.COUNT_TOKENS
        return failing("not_found") if counts else text_response()

    three.provider("openai", count_no_tokens)
    router = three.router(rule("openai", "mock"))
    body = (
        b'{"model": "m", "messages": [{"role": "user", "content": "hi"},'
        b' {"role": "tool", "tool_call_id": "c", "content": "ok"}]}'
    )
    for operation in (Operation.COUNT_TOKENS, Operation.GENERATE):
        request = attrs.evolve(wire_request(body), operation=operation)
        request.context.session_id = "s"
        await router.send(request)
    assert three.asked == {"openai": 2, "mock": 1}


async def test_an_inner_router_without_a_choice_left_is_passed_over(three, rule, failing):
    three.provider("mock", failing("rate_limit", retry_after=30.0))
    three.provider("anthropic", failing("rate_limit", retry_after=20.0))
    inner = three.router(rule("mock", "anthropic"))
    outer = Router(
        providers={"inner": inner, "openai": three.providers["openai"]},
        table=RouteTable(rules=[rule("inner", "openai")]),
        clock=three.clock,
    )
    for _ in range(2):
        assert (await outer.send(chat_request())).provider == "openai"
    assert three.asked == {"mock": 1, "anthropic": 1, "openai": 2}


@pytest.mark.parametrize("hedged", [False, True])
async def test_a_router_is_a_provider(three, rule, failing, hedged):
    def fail(request):
        return failing("server") if request.model == "bad" else text_response()

    three.provider("openai", fail)
    three.provider("mock", fail)
    settings = RoutingSettings(hedge=HedgeSettings(enabled=hedged, after_ms=1))
    router = three.router(rule("openai", "mock", settings=settings))

    @asynccontextmanager
    async def opened():
        yield router

    await check_provider(
        opened,
        chat_request,
        make_bad_request=partial(chat_request, model="bad"),
        in_use=lambda _: sum(state.in_flight for state in router.snapshot()),
    )


def test_a_tier_without_targets_is_left_out(three):
    rule = Rule(name="r", tiers=(Tier(targets=()), Tier(targets=(Target(provider="mock"),))))
    assert three.router(rule) is not None
