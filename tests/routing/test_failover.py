"""What happens when a deployment fails."""

import asyncio
from contextlib import suppress

import attrs
import pytest

from lunaroute_core import (
    InvalidRequestError,
    ModelStream,
    NoDeploymentError,
    Operation,
    ProviderError,
    TranslationWarning,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    WireStream,
)
from lunaroute_core.model import StreamStart, TextDelta
from lunaroute_core.testing import Pause, chat_request, stream_events, text_response
from lunaroute_routing import (
    BreakerSettings,
    CooldownSettings,
    HedgeSettings,
    RetrySettings,
    RoutingSettings,
    Rule,
    Target,
    Tier,
    TimeoutSettings,
)
from lunaroute_routing.events import AttemptEnded, CooledDown, FellBack, RequestEnded
from lunaroute_routing.strategies import RoundRobin

UPSTREAM_FAULTS = ["overloaded", "server", "timeout", "unavailable", "protocol"]
CLIENT_FAULTS = [
    "invalid_request",
    "context_too_long",
    "authentication",
    "permission",
    "not_found",
    "too_large",
    "conflict",
]
EVENTS = stream_events(text_response("hello"))


async def text_of(stream):
    words = []
    await hear(stream, words)
    return "".join(words)


async def hear(stream, words):
    async with stream:
        async for event in stream:
            if isinstance(event, TextDelta):
                words.append(event.text)


async def never(_request):
    await asyncio.Event().wait()


async def ask(router, *, stream, **request):
    if stream:
        return await text_of(await router.stream(chat_request(stream=True, **request)))
    return (await router.send(chat_request(**request))).normalized.blocks[0].text


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", [*UPSTREAM_FAULTS, "rate_limit", "billing"])
async def test_another_deployment_answers(bench, rule, failing, kind, stream):
    bench.provider("a", failing(kind))
    bench.provider("b", text_response("from b"))
    assert await ask(bench.router(rule("a", "b")), stream=stream) == "from b"
    assert bench.asked == {"a": 1, "b": 1}
    (fell,) = bench.of_type(FellBack)
    assert (fell.from_provider, fell.to_provider) == ("a", "b")


@pytest.mark.parametrize(
    "error",
    [
        UpstreamUnavailableError("refused", provider="a"),
        UpstreamTimeoutError(phase="connect", seconds=1, provider="a"),
        UpstreamTimeoutError(phase="first_byte", seconds=1, provider="a"),
        UpstreamProtocolError("truncated", provider="a"),
        InvalidRequestError("this dialect has no such field", param="seed"),
    ],
)
async def test_so_it_does_for_failures_without_an_answer(bench, rule, error):
    bench.provider("a", error)
    bench.provider("b", text_response("from b"))
    assert await ask(bench.router(rule("a", "b")), stream=False) == "from b"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["invalid_request", "authentication", "permission", "conflict"])
async def test_what_the_client_must_mend_is_told_at_once(bench, rule, failing, kind, stream):
    bench.provider("a", failing(kind))
    bench.provider("b")
    with pytest.raises(ProviderError, match=kind):
        await ask(bench.router(rule("a", "b")), stream=stream)
    assert bench.asked == {"a": 1}


@pytest.mark.parametrize("kind", ["authentication", "permission"])
async def test_a_refused_key_of_the_operator_is_not_the_clients_fault(bench, rule, failing, kind):
    bench.provider("a", failing(kind, own=True))
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b"))
    assert await ask(router, stream=False) == "from b"
    assert await ask(router, stream=False) == "from b"
    assert bench.asked == {"a": 1, "b": 2}, "the account rests"


@pytest.mark.parametrize("kind", CLIENT_FAULTS)
async def test_client_faults_never_count_against_a_provider(bench, rule, failing, kind):
    """In the original every error trips the breaker."""
    bench.provider("a", *[failing(kind)] * 20, text_response("from a"))
    bench.provider("b")
    router = bench.router(rule("a", "b"))
    for _ in range(20):
        with suppress(ProviderError):
            await ask(router, stream=False)
    (state,) = [one for one in router.snapshot() if one.provider == "a"]
    assert (state.breaker, state.health) == ("closed", "unknown")
    assert await ask(router, stream=False) == "from a"


async def test_a_breaker_is_consulted_before_the_choice(bench, rule, failing):
    """In the original strategies and breakers cannot be reached."""
    bench.provider("a", failing("server"))
    bench.provider("b")
    router = bench.router(rule("a", "b"))
    for _ in range(8):
        await ask(router, stream=False)
    assert bench.asked == {"a": 5, "b": 8}


async def test_an_open_breaker_lets_one_probe_through_when_its_time_is_up(bench, rule, failing):
    bench.provider("a", *[failing("server")] * 5, text_response("from a"))
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b"))
    for _ in range(5):
        await ask(router, stream=False)
    bench.clock.advance(59.9)
    assert await ask(router, stream=False) == "from b"
    bench.clock.advance(0.1)
    assert await ask(router, stream=False) == "from a"


async def test_a_probe_has_done_its_work_with_its_first_content(bench, rule, failing):
    """Also where nobody else could be asked: a long answer must not lock the others out."""
    go_on = asyncio.Event()
    bench.provider("a", failing("server"))
    bench.provider("b", *[failing("server")] * 5, [*EVENTS[:3], Pause(go_on), *EVENTS[3:]], EVENTS)
    router = bench.router(rule("a", "b"))
    for _ in range(5):
        with suppress(ProviderError):
            await ask(router, stream=False)
    bench.clock.advance(60)
    async with await router.stream(chat_request(stream=True)) as probe:
        async for event in probe:
            if isinstance(event, TextDelta):
                break
        assert await ask(router, stream=True) == "hello"


async def test_an_estimate_says_nothing_of_an_upstream(bench, rule, failing):
    """Clients count tokens all the time, and for a foreign vendor nobody is asked."""

    def estimated(request):
        request.context.attempts -= 1  # that the fake has counted
        return text_response()

    errors = [failing("server"), estimated] * 4
    bench.provider("a", *errors, failing("server"))
    bench.provider("b")
    router = bench.router(rule("a", "b"))
    for _ in range(4):
        await ask(router, stream=False)
        await router.send(attrs.evolve(chat_request(), operation=Operation.COUNT_TOKENS))
    await ask(router, stream=False)
    (state,) = [one for one in router.snapshot() if one.provider == "a"]
    assert (state.breaker, state.in_flight, state.answer_seconds) == ("open", 0, 0.0)


@pytest.mark.parametrize(
    ("status", "health"), [(200, "healthy"), (404, "unknown"), (500, "unknown")]
)
async def test_a_refusal_that_is_passed_on_is_no_success(bench, status, health):
    class Bytes:
        async def read(self):
            return b""

        async def aclose(self):
            pass

    def forwarded(_request):
        wire = WireStream(dialect=None, source=Bytes(), status=status)
        return ModelStream(provider="a", model="", wire=wire)

    bench.provider("a", forwarded)
    router = bench.router(defaults={"openai": "a"})
    for _ in range(10):
        request = attrs.evolve(chat_request(stream=True), operation=Operation.FORWARD)
        async with await router.stream(request) as stream:
            assert [block async for block in stream.blocks(request)] == []
    (state,) = router.snapshot()
    assert (state.health, state.in_flight) == (health, 0)
    assert {event.outcome for event in bench.of_type(RequestEnded)} == {"completed"}


async def test_of_many_requests_only_one_is_a_probe(bench, rule, failing):
    """A provider that comes back is not met by a herd."""
    answering, others_are_done = asyncio.Event(), asyncio.Event()

    async def slowly(_request):
        await answering.wait()
        return text_response("from a")

    bench.provider("a", *[failing("server")] * 5, slowly)
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b"))
    for _ in range(5):
        await ask(router, stream=False)
    bench.clock.advance(60)
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(ask(router, stream=False)) for _ in range(10)]
        for task in asked:
            task.add_done_callback(
                lambda _: sum(one.done() for one in asked) == 9 and others_are_done.set()
            )
        await others_are_done.wait()
        answering.set()
    answers = [task.result() for task in asked]
    assert sorted(answers) == ["from a", *["from b"] * 9]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_rate_limit_is_left_and_come_back_from_to_the_second(bench, rule, failing, stream):
    bench.provider("a", failing("rate_limit", retry_after=7.0), text_response("from a"))
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b"))
    assert await ask(router, stream=stream) == "from b"
    bench.clock.advance(6.999)
    assert await ask(router, stream=stream) == "from b"
    bench.clock.advance(0.001)
    assert await ask(router, stream=stream) == "from a"
    (cooled,) = bench.of_type(CooledDown)
    assert (cooled.provider, cooled.model, cooled.seconds) == ("a", "test-model", 7.0)


async def test_a_rate_limit_of_one_model_leaves_the_others(bench, rule, failing):
    bench.provider("a", failing("rate_limit", retry_after=30.0), text_response("from a"))
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b"))
    assert await ask(router, stream=False, model="opus") == "from b"
    assert await ask(router, stream=False, model="haiku") == "from a"
    assert await ask(router, stream=False, model="opus") == "from b"


async def test_used_up_money_rests_the_whole_account(bench, rule, failing):
    """Quota exhaustion is no overload: the breaker has nothing to do with it."""
    bench.provider("a", failing("billing"), text_response("from a"))
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b"))
    assert await ask(router, stream=False, model="opus") == "from b"
    assert await ask(router, stream=False, model="haiku") == "from b"
    assert router.snapshot()[0].breaker == "closed"
    bench.clock.advance(60)
    assert await ask(router, stream=False) == "from a"


async def test_cooldowns_without_a_word_from_the_vendor_escalate_and_reset(bench, rule, failing):
    limited = failing("rate_limit")
    bench.provider("a", limited, limited, text_response(), limited)
    bench.provider("b")
    settings = RoutingSettings(cooldown=CooldownSettings(default_secs=10))
    router = bench.router(rule("a", "b", settings=settings))
    for pause in (0, 10, 20, 0, 0):
        bench.clock.advance(pause)
        await ask(router, stream=False)
    assert [event.seconds for event in bench.of_type(CooledDown)] == [10, 20, 10]


async def test_models_are_renamed_on_fallback(bench, rule, failing):
    """In the original `gpt-*` reaches Anthropic unchanged."""
    bench.provider("a", failing("server"))
    bench.provider("b")
    router = bench.router(rule("a", Target(provider="b", model="claude-5")))
    await ask(router, stream=False, model="gpt-5")
    assert bench.providers["a"].requests[0].model == "gpt-5"
    assert bench.providers["b"].requests[0].model == "claude-5"
    assert bench.providers["b"].requests[0].normalized.model == "claude-5"


async def test_when_all_fail_the_error_keeps_its_cause(bench, rule, failing):
    """In the original a 429 surfaces as a generic error without its Retry-After."""
    limited = failing("rate_limit", retry_after=9.0, type="rate_limit_error", request_id="req_9")
    bench.provider("a", limited)
    bench.provider("b", failing("server"))
    bench.provider("c", UpstreamUnavailableError("refused", provider="c"))
    with pytest.raises(ProviderError) as caught:
        await ask(bench.router(rule("a", "b", "c")), stream=False)
    assert caught.value is limited
    assert bench.asked == {"a": 1, "b": 1, "c": 1}


async def test_when_all_rest_the_client_is_told_how_long(bench, rule, failing):
    bench.provider("a", failing("rate_limit", retry_after=30.0))
    bench.provider("b", failing("rate_limit", retry_after=20.0))
    router = bench.router(rule("a", "b"))
    with pytest.raises(ProviderError) as first:
        await ask(router, stream=False)
    assert first.value.retry_after == 20.0
    bench.clock.advance(5)
    with pytest.raises(NoDeploymentError, match="cooling down") as caught:
        await ask(router, stream=False)
    assert caught.value.retry_after == 15
    assert caught.value.details.kind == "rate_limit"
    assert bench.asked == {"a": 1, "b": 1}


async def test_an_error_keeps_what_it_comes_from(bench, rule, failing):
    refused = failing("invalid_request")
    refused.__cause__ = cause = OSError("reset")
    bench.provider("a", refused)
    with pytest.raises(ProviderError) as caught:
        await ask(bench.router(rule("a")), stream=False)
    assert caught.value.__cause__ is cause


async def test_the_switch_is_from_the_one_that_was_asked_first(bench, failing):
    """A strategy's first choice need not be the first that is written."""
    bench.provider("a", failing("rate_limit", retry_after=0.0), text_response())
    bench.provider("b", failing("server"))
    bench.provider("c")
    targets = tuple(Target(provider=name) for name in "abc")
    router = bench.router(Rule(name="all", tiers=(Tier(targets=targets, strategy=RoundRobin()),)))
    for _ in range(3):
        await ask(router, stream=False)
    switches = [(one.from_provider, one.to_provider, one.reason) for one in bench.of_type(FellBack)]
    assert switches == [("a", "b", "rate_limit"), ("a", "c", "rate_limit"), ("b", "c", "server")]


async def test_what_cannot_do_it_was_never_meant_to(bench, rule, failing):
    bench.provider("a").lacks = lambda request: "it takes no images"
    bench.provider("b", failing("rate_limit", retry_after=30.0))
    bench.provider("c")
    router = bench.router(rule("a", "b", "c"))
    await ask(router, stream=False)
    await ask(router, stream=False)
    switches = [(one.from_provider, one.to_provider, one.reason) for one in bench.of_type(FellBack)]
    assert switches == [("b", "c", "rate_limit")] * 2


async def test_what_one_attempt_lost_is_not_told_of_another(bench, rule, failing):
    def losing(request):
        request.context.warnings.append(TranslationWarning(outcome="dropped", param="seed"))
        return failing("server")

    def losing_more(request):
        request.context.warnings.append(TranslationWarning(outcome="emulated", param="stop"))
        return text_response()

    bench.provider("a", losing)
    bench.provider("b", losing_more)
    request = chat_request()
    await bench.router(rule("a", "b")).send(request)
    assert [warning.param for warning in request.context.warnings] == ["stop"]
    assert request.context.attempts == 2


async def test_of_an_error_it_is_told_what_was_lost_on_the_way_to_it(bench, rule, failing):
    def losing(request):
        request.context.warnings.append(TranslationWarning(outcome="dropped", param="seed"))
        return failing("server")

    bench.provider("a", losing)
    request = chat_request()
    with pytest.raises(ProviderError):
        await bench.router(rule("a")).send(request)
    assert [warning.param for warning in request.context.warnings] == ["seed"]


async def test_with_a_single_target_the_vendor_has_the_last_word(bench, rule, failing):
    """A breaker could only put an error of the gateway in the place of the vendor's."""
    bench.provider("a", failing("server"))
    router = bench.router(rule("a"))
    for _ in range(9):
        with pytest.raises(ProviderError, match="server from upstream"):
            await ask(router, stream=False)
    assert bench.asked == {"a": 9}


async def test_unless_the_breaker_is_asked_for(bench, rule, failing):
    bench.provider("a", failing("server"))
    settings = RoutingSettings(breaker=BreakerSettings(enabled=True, failure_threshold=2))
    router = bench.router(rule("a", settings=settings))
    for _ in range(2):
        with pytest.raises(ProviderError, match="server from upstream"):
            await ask(router, stream=False)
    with pytest.raises(NoDeploymentError, match="circuit breaker is open") as caught:
        await ask(router, stream=False)
    assert caught.value.details.kind == "overloaded"
    assert caught.value.retry_after == 60


async def test_streams_fail_over_before_their_first_content(bench, rule, failing):
    """In the original streams never do."""
    bench.provider("a", [EVENTS[0], EVENTS[1], failing("server")])
    bench.provider("b", text_response("from b"))
    assert await ask(bench.router(rule("a", "b")), stream=True) == "from b"
    assert bench.providers["a"].open_streams == 0


async def test_after_its_first_content_a_stream_is_not_begun_again(bench, rule, failing):
    broken = [event for event in EVENTS if not isinstance(event, TextDelta)][:2]
    bench.provider("a", [*broken, TextDelta(index=0, text="half"), failing("server")])
    bench.provider("b")
    stream = await bench.router(rule("a", "b")).stream(chat_request(stream=True))
    seen = []
    with pytest.raises(ProviderError, match="server"):
        await hear(stream, seen)
    assert seen == ["half"]
    assert bench.asked == {"a": 1}


async def test_what_becomes_of_a_stream_counts(bench, rule, failing):
    """In the original the outcome of a stream reaches neither breaker nor health."""
    half = [*EVENTS[:3], failing("server")]
    bench.provider("a", *[half] * 5, EVENTS)
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b"))
    for _ in range(5):
        with pytest.raises(ProviderError):
            await ask(router, stream=True)
    assert await ask(router, stream=True) == "from b"


async def test_a_client_that_leaves_is_nobodys_fault(bench, rule):
    never = asyncio.Event()
    bench.provider("a", [*EVENTS[:3], Pause(never)])
    bench.provider("b")
    router = bench.router(rule("a", "b"))
    for _ in range(12):
        async with await router.stream(chat_request(stream=True)) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    break
    state = router.snapshot()[0]
    assert (state.breaker, state.health, state.in_flight) == ("closed", "unknown", 0)
    assert {event.outcome for event in bench.of_type(RequestEnded)} == {"cancelled"}


async def test_a_stream_without_content_goes_out_when_it_was_held_long_enough(bench, rule):
    """No client waits in silence; and what was held comes out once, in order."""
    go_on = asyncio.Event()
    bench.provider("a", [EVENTS[0], Pause(go_on), *EVENTS[1:]])
    bench.provider("b")
    settings = RoutingSettings(commit_after_secs=0.02)
    router = bench.router(rule("a", "b", settings=settings))
    async with await router.stream(chat_request(stream=True)) as stream:
        events = aiter(stream)
        assert isinstance(await anext(events), StreamStart)
        go_on.set()
        rest = [event async for event in events]
    assert "".join(event.text for event in rest if isinstance(event, TextDelta)) == "hello"
    assert bench.asked == {"a": 1}


async def test_with_a_single_target_nothing_is_held(bench, rule):
    go_on = asyncio.Event()
    bench.provider("a", [EVENTS[0], Pause(go_on), *EVENTS[1:]])
    async with await bench.router(rule("a")).stream(chat_request(stream=True)) as stream:
        assert isinstance(await anext(aiter(stream)), StreamStart)


async def test_a_stream_that_has_no_content_in_time_is_given_up(bench, rule):
    never = asyncio.Event()
    bench.provider("a", [EVENTS[0], Pause(never)])
    bench.provider("b", text_response("from b"))
    settings = RoutingSettings(timeouts=TimeoutSettings(first_content_secs=0.02))
    assert await ask(bench.router(rule("a", "b", settings=settings)), stream=True) == "from b"
    assert bench.providers["a"].open_streams == 0


async def test_so_is_one_that_does_not_even_begin(bench, rule):
    bench.provider("a", never)
    bench.provider("b", text_response("from b"))
    settings = RoutingSettings(timeouts=TimeoutSettings(first_content_secs=0.02))
    assert await ask(bench.router(rule("a", "b", settings=settings)), stream=True) == "from b"
    (failed, _) = bench.of_type(AttemptEnded)
    assert (failed.provider, failed.outcome, failed.error) == ("a", "failed", "timeout")


@pytest.mark.parametrize("stream", [False, True])
async def test_who_takes_all_the_time_there_is_is_at_fault(bench, rule, stream):
    bench.provider("a", never)
    bench.provider("b", text_response("from b"))
    settings = RoutingSettings(
        timeouts=TimeoutSettings(total_secs=0.02), breaker=BreakerSettings(failure_threshold=2)
    )
    router = bench.router(rule("a", "b", settings=settings))
    for _ in range(2):
        with pytest.raises(UpstreamTimeoutError):
            await ask(router, stream=stream)
    assert await ask(router, stream=stream) == "from b"


@pytest.mark.parametrize("stream", [False, True])
async def test_the_total_deadline_is_for_all_attempts_together(bench, rule, failing, stream):
    bench.provider("a", failing("server"))
    bench.provider("b", never)
    settings = RoutingSettings(timeouts=TimeoutSettings(total_secs=0.05))
    with pytest.raises(UpstreamTimeoutError, match="total deadline") as raised:
        await ask(bench.router(rule("a", "b", settings=settings)), stream=stream)
    assert raised.value.provider == "b"


@pytest.mark.parametrize("stream", [False, True])
async def test_who_uses_up_the_total_deadline_is_left_alone_in_the_end(bench, rule, stream):
    async def never(_request):
        bench.clock.advance(1)
        await asyncio.Event().wait()

    bench.provider("a", never)
    bench.provider("b", text_response("from b"))
    settings = RoutingSettings(
        breaker=BreakerSettings(failure_threshold=2), timeouts=TimeoutSettings(total_secs=0.02)
    )
    router = bench.router(rule("a", "b", settings=settings))
    for _ in range(2):
        with pytest.raises(UpstreamTimeoutError):
            await ask(router, stream=stream)
    assert await ask(router, stream=stream) == "from b"
    assert [one.outcome for one in bench.of_type(AttemptEnded)] == ["failed", "failed", "completed"]


async def test_who_was_asked_late_is_not_blamed_for_the_total_deadline(bench, rule, failing):
    async def late(_request):
        bench.clock.advance(10)
        raise failing("server")

    async def never(_request):
        bench.clock.advance(1)
        await asyncio.Event().wait()

    bench.provider("a", late)
    bench.provider("b", never)
    settings = RoutingSettings(timeouts=TimeoutSettings(total_secs=0.02))
    with pytest.raises(UpstreamTimeoutError):
        await ask(bench.router(rule("a", "b", settings=settings)), stream=False)
    assert [one.outcome for one in bench.of_type(AttemptEnded)] == ["failed", "cancelled"]


async def test_deadlines_reach_whoever_opens_the_connection(bench, rule):
    seen = []
    bench.provider("a", lambda request: seen.append(request.context.deadlines) or text_response())
    timeouts = TimeoutSettings(connect_secs=1, idle_secs=2, total_secs=30)
    router = bench.router(rule("a", settings=RoutingSettings(timeouts=timeouts)))
    await ask(router, stream=False)
    (deadlines,) = seen
    assert (deadlines.connect, deadlines.idle, deadlines.total) == (1, 2, 30)


@pytest.fixture
def ailing(bench, failing):
    """Of ten requests it fails seven, never five in a row."""
    good, bad = text_response("from a"), failing("server")
    bench.provider("a", good, bad, bad, bad, good, bad, bad, bad, good, bad, good)
    return bench


async def test_an_unhealthy_provider_is_asked_last(ailing, rule):
    ailing.provider("b", text_response("from b"))
    router = ailing.router(rule("a", "b"))
    for _ in range(10):
        await ask(router, stream=False)
    assert router.snapshot()[0].health == "unhealthy"
    assert await ask(router, stream=False) == "from b"
    ailing.clock.advance(61)
    assert await ask(router, stream=False) == "from a"


async def test_but_it_is_asked_when_nothing_else_is_left(ailing, rule, failing):
    ailing.provider("b", *[text_response("from b")] * 7, failing("server"))
    router = ailing.router(rule("a", "b"))
    for _ in range(11):
        await ask(router, stream=False)
    assert ailing.asked == {"a": 11, "b": 8}


async def test_that_it_is_passed_over_is_told(ailing, rule):
    ailing.provider("b")
    router = ailing.router(rule("a", "b"))
    for _ in range(10):
        await ask(router, stream=False)
    ailing.events.clear()
    await ask(router, stream=False)
    (fell,) = ailing.of_type(FellBack)
    assert (fell.from_provider, fell.to_provider, fell.reason) == ("a", "b", "unhealthy")


async def test_what_a_target_can_do_is_looked_up_once(bench, failing):
    """It may take a look at the whole conversation."""
    looked = []
    for name in "abc":
        bench.provider(name, failing("server")).lacks = lambda _, name=name: looked.append(name)
    targets = tuple(Target(provider=name) for name in "abc")
    with pytest.raises(ProviderError):
        await ask(bench.router(Rule(name="all", tiers=(Tier(targets=targets),))), stream=True)
    assert sorted(looked) == ["a", "b", "c"]


async def test_a_target_that_cannot_do_it_is_passed_over(bench, rule):
    bench.provider("a").lacks = lambda request: "it takes no images"
    bench.provider("b", text_response("from b"))
    assert await ask(bench.router(rule("a", "b")), stream=False) == "from b"
    assert bench.asked == {"b": 1}


async def test_when_no_target_can_do_it_the_request_is_refused(bench, rule):
    for name in ("a", "b"):
        bench.provider(name).lacks = lambda request: "it takes no images"
    with pytest.raises(InvalidRequestError, match="a: it takes no images; b: it takes no images"):
        await ask(bench.router(rule("a", "b")), stream=False)


async def test_the_same_deployment_is_asked_again(bench, rule, failing):
    bench.provider("a", failing("server"), failing("overloaded"), text_response("from a"))
    bench.provider("b")
    retry = RetrySettings(max_retries=2, base_ms=100, max_ms=150)
    router = bench.router(rule("a", "b", settings=RoutingSettings(retry=retry)))
    bench.clock.autojump = True
    assert await ask(router, stream=False) == "from a"
    first, second = bench.clock.slept
    assert 0 <= first <= 0.1
    assert 0 <= second <= 0.15
    assert bench.asked == {"a": 3}


async def test_retries_end(bench, rule, failing):
    bench.provider("a", failing("server"))
    bench.provider("b", text_response("from b"))
    retry = RetrySettings(max_retries=2)
    router = bench.router(rule("a", "b", settings=RoutingSettings(retry=retry)))
    bench.clock.autojump = True
    assert await ask(router, stream=False) == "from b"
    assert bench.asked == {"a": 3, "b": 1}


@pytest.mark.parametrize("kind", ["invalid_request", "not_found", "authentication", "billing"])
async def test_what_would_fail_again_is_not_retried(bench, rule, failing, kind):
    bench.provider("a", failing(kind))
    settings = RoutingSettings(retry=RetrySettings(max_retries=3))
    with pytest.raises(ProviderError):
        await ask(bench.router(rule("a", settings=settings)), stream=False)
    assert bench.asked == {"a": 1}


@pytest.mark.parametrize(("kind", "word", "asked"), [("server", False, 1), ("not_found", True, 2)])
async def test_the_upstreams_own_word_on_retries_counts(bench, rule, failing, kind, word, asked):
    """`x-should-retry`, as the vendors' SDKs read it."""
    bench.provider("a", failing(kind, should_retry=word), text_response())
    settings = RoutingSettings(retry=RetrySettings(max_retries=1))
    router = bench.router(rule("a", settings=settings))
    bench.clock.autojump = True
    with suppress(ProviderError):
        await ask(router, stream=False)
    assert bench.asked == {"a": asked}


async def test_a_short_retry_after_is_waited_for(bench, rule, failing):
    bench.provider("a", failing("rate_limit", retry_after=2.0), text_response("from a"))
    settings = RoutingSettings(retry=RetrySettings(max_retries=1))
    router = bench.router(rule("a", settings=settings))
    bench.clock.autojump = True
    assert await ask(router, stream=False) == "from a"
    (slept,) = bench.clock.slept
    assert 2.0 <= slept <= 2.1


async def test_a_long_one_is_the_clients_to_wait_for(bench, rule, failing):
    bench.provider("a", failing("rate_limit", retry_after=20.0))
    settings = RoutingSettings(retry=RetrySettings(max_retries=1))
    with pytest.raises(ProviderError, match="rate_limit"):
        await ask(bench.router(rule("a", settings=settings)), stream=False)
    assert bench.asked == {"a": 1}


async def test_retries_never_exceed_their_budget(bench, rule, failing):
    bench.provider("a", failing("server"))
    retry = RetrySettings(max_retries=3, budget_ratio=0.1)
    router = bench.router(rule("a", settings=RoutingSettings(retry=retry)))
    bench.clock.autojump = True
    for _ in range(200):
        with pytest.raises(ProviderError):
            await ask(router, stream=False)
    assert 200 < bench.asked["a"] <= 200 + 10 + 0.1 * 200


@pytest.mark.parametrize("stream", [False, True])
async def test_each_request_has_one_end(bench, rule, failing, stream):
    bench.provider("a", failing("server"), text_response(), failing("invalid_request"))
    bench.provider("b")
    router = bench.router(rule("a", "b"))
    for _ in range(3):
        with suppress(ProviderError):
            await ask(router, stream=stream)
    outcomes = [event.outcome for event in bench.of_type(RequestEnded)]
    assert outcomes == ["completed", "completed", "failed"]
    attempts = [(event.provider, event.outcome) for event in bench.of_type(AttemptEnded)]
    assert attempts == [("a", "failed"), ("b", "completed"), ("a", "completed"), ("a", "failed")]


@pytest.mark.parametrize("kind", ["server", "unavailable", "rate_limit"])
async def test_what_is_passed_on_unread_is_not_done_twice(bench, rule, failing, kind):
    """It may be an upload."""
    bench.provider("a", failing(kind))
    bench.provider("b")
    settings = RoutingSettings(
        retry=RetrySettings(max_retries=2), hedge=HedgeSettings(enabled=True, after_ms=0)
    )
    router = bench.router(rule("a", "b", settings=settings))
    request = attrs.evolve(chat_request(stream=True), operation=Operation.FORWARD)
    request.context.route_override = "all"
    with pytest.raises(ProviderError, match=kind):
        await router.stream(request)
    assert bench.asked == {"a": 1}
