"""An explanation says what `send` would do, and leaves everything as it is."""

import json

import pytest

from lunaroute_core import InvalidRequestError, Price, ProviderError
from lunaroute_core.testing import chat_request, text_response, wire_request
from lunaroute_routing import (
    BreakerSettings,
    CooldownSettings,
    Match,
    RetrySettings,
    RoutingSettings,
    Rule,
    RuleCheck,
    Target,
    Tier,
)
from lunaroute_routing.strategies.cheapest import Cheapest
from lunaroute_routing.strategies.round_robin import RoundRobin


def rule(name, *names, fallbacks=(), match=None, **changes):
    tiers = [Tier(targets=[Target(provider=one) for one in names])]
    if fallbacks:
        targets = [Target(provider=one) for one in fallbacks]
        tiers.append(Tier(targets=targets, role="fallback"))
    return Rule(name=name, tiers=tiers, match=match or Match(), **changes)


@pytest.fixture
def three(bench):
    """Providers a, b and c that answer."""
    for name in "abc":
        bench.provider(name, *[text_response("fine")] * 20)
    return bench


def asked(explanation):
    return [one.provider for one in explanation.order]


def skipped(explanation):
    found = (one for tier in explanation.tiers for one in tier.candidates)
    return {one.provider: one.skipped for one in found if one.skipped}


def test_the_rule_is_named_and_why_others_were_not_taken(three):
    router = three.router(
        rule("gpt", "a", match=Match(models=("gpt-5",)), priority=9), rule("rest", "b")
    )
    explanation = router.explain(chat_request(model="claude"))
    assert (explanation.route, explanation.chosen_by) == ("rest", "rule")
    assert explanation.rules == (
        RuleCheck("gpt", False, 'model "claude" is not "gpt-5"'),
        RuleCheck("rest", True, None),
    )
    summary = explanation.request
    assert (summary.model, summary.dialect, summary.stream) == ("claude", "openai_chat", False)


def test_a_strategy_may_say_why_a_deployment_has_its_place(three):
    dear, cheap = (
        Target(provider=name, price=Price(input=0, output=price))
        for name, price in (("a", 4), ("b", 2))
    )
    tier = Tier(targets=[dear, cheap, Target(provider="c")], strategy=Cheapest())
    explanation = three.router(Rule(name="all", tiers=[tier])).explain(chat_request(), down=["c"])
    assert [(one.provider, one.remark) for one in explanation.order] == [
        ("b", "about $0.001000"),
        ("a", "about $0.002000"),
    ]
    assert explanation.tiers[0].candidates[2].remark is None
    assert three.router(rule("all", "a")).explain(chat_request()).order[0].remark is None


@pytest.mark.parametrize(
    ("said", "chosen_by", "route", "model"),
    [
        ({"provider_override": "b"}, "provider", "b", "b/m"),
        ({"route_override": "main"}, "route", "main", "b/m"),
        ({}, "prefix", "b", "m"),
    ],
)
def test_what_the_client_says_is_told_and_no_rule_is(three, said, chosen_by, route, model):
    request = chat_request(model="b/m")
    for name, value in said.items():
        setattr(request.context, name, value)
    explanation = three.router(rule("main", "a")).explain(request)
    assert (explanation.chosen_by, explanation.route) == (chosen_by, route)
    assert explanation.rules == ()
    if chosen_by != "provider":
        assert explanation.order[0].model == model
    assert explanation.request.model == "b/m"


def test_a_name_that_nothing_has_is_the_clients_mistake(three):
    request = chat_request()
    request.context.provider_override = "nobody"
    with pytest.raises(InvalidRequestError, match="nobody"):
        three.router().explain(request)


async def test_the_order_is_that_in_which_they_are_asked(three, failing):
    for name in "abc":
        three.provider(name, failing("server"))
    router = three.router(rule("main", "b", "a", fallbacks=["c"]))
    explanation = router.explain(chat_request())
    assert asked(explanation) == ["b", "a", "c"]
    assert [one.rank for one in explanation.order] == [1, 2, 3]
    assert [(tier.role, tier.strategy) for tier in explanation.tiers] == [
        ("primary", "ordered"),
        ("fallback", "ordered"),
    ]
    with pytest.raises(ProviderError):
        await router.send(chat_request())
    assert list(three.asked) == ["a", "b", "c"]


async def test_nobody_is_asked_and_no_turn_is_taken(three):
    targets = [Target(provider=name) for name in "abc"]
    router = three.router(Rule(name="main", tiers=[Tier(targets=targets, strategy=RoundRobin())]))
    first = [asked(router.explain(chat_request())) for _ in range(4)]
    assert first == [["a", "b", "c"]] * 4
    assert (three.asked, three.events) == ({}, [])
    await router.send(chat_request())
    assert asked(router.explain(chat_request()))[0] == "b"


async def test_an_open_breaker_is_a_reason_with_an_end(three, failing):
    three.provider("a", *[failing("server")] * 5)
    settings = RoutingSettings(breaker=BreakerSettings(failure_threshold=2, timeout_secs=30))
    router = three.router(rule("main", "a", "b", settings=settings))
    for _ in range(2):
        await router.send(chat_request())
    three.clock.advance(10)
    (one, _) = router.explain(chat_request()).tiers[0].candidates
    assert (one.rank, one.again_in) == (None, 20.0)
    assert "circuit breaker is open" in one.skipped


async def test_a_cool_down_is_a_reason_with_an_end(three, failing):
    three.provider("a", failing("rate_limit", retry_after=40.0))
    router = three.router(rule("main", "a", "b"))
    await router.send(chat_request())
    (one, _) = router.explain(chat_request()).tiers[0].candidates
    assert (one.skipped, one.again_in) == ("it is cooling down", 40.0)


async def test_an_unhealthy_one_is_asked_last(three, failing):
    three.provider("a", *[failing("server")] * 10)
    breaker = BreakerSettings(enabled=False)
    router = three.router(rule("main", "a", "b", settings=RoutingSettings(breaker=breaker)))
    for _ in range(10):
        await router.send(chat_request())
    explanation = router.explain(chat_request())
    assert asked(explanation) == ["b", "a"]
    assert explanation.order[1].health == "unhealthy"


def test_providers_can_be_taken_to_be_down(three):
    router = three.router(rule("main", "a", "b", fallbacks=["c"]))
    explanation = router.explain(chat_request(), down={"a", "c"})
    assert asked(explanation) == ["b"]
    assert skipped(explanation) == dict.fromkeys("ac", "it is taken to be down")
    assert explanation.refusal is None


def test_with_nobody_left_the_clients_answer_is_told(three):
    explanation = three.router(rule("main", "a", "b")).explain(chat_request(), down="ab")
    assert explanation.order == ()
    assert explanation.refusal.startswith('no provider of the route "main" can be asked now')


def test_what_holds_after_a_failure_is_there(three):
    settings = RoutingSettings(retry=RetrySettings(max_retries=2))
    resting = RoutingSettings(cooldown=CooldownSettings(enabled=False))
    router = three.router(
        rule("main", "a", "b", settings=settings, provider_settings={"b": resting})
    )
    explanation = router.explain(chat_request())
    a, b = explanation.order
    assert (a.settings, b.settings, explanation.settings) == (settings, resting, settings)
    assert (a.breaks, a.cools_down, b.breaks, b.cools_down) == (True, True, True, False)


def test_a_single_target_is_asked_whatever_its_state(three):
    (one,) = three.router(rule("main", "a")).explain(chat_request()).order
    assert (one.breaks, one.cools_down) == (False, False)


def test_no_model_leaves_the_provider_alone_in_the_label(three):
    assert three.router(rule("main", "a")).explain(chat_request(model="")).order[0].label == "a"


async def test_a_tool_loop_that_is_held_comes_first_and_stays_held(three, failing):
    three.provider("a", failing("server"), text_response("fine"))
    router = three.router(rule("main", "a", "b", "c"))

    def asking(*more):
        messages = [{"role": "user", "content": "hi"}, *more]
        request = wire_request(json.dumps({"model": "m", "messages": messages}).encode())
        request.context.session_id = "s"
        return request

    loop = asking({"role": "tool", "tool_call_id": "c", "content": "ok"})
    await router.send(asking())
    for _ in range(2):
        explanation = router.explain(loop)
        assert asked(explanation) == ["b", "a", "c"]
        assert explanation.held == "the session's tool loop is held at b"
    router.explain(asking())  # what would end the loop, if it were sent
    assert router.explain(loop).held is not None
