"""A second deployment is asked while the first is slow."""

import asyncio

import attrs
import pytest

from lunaroute_core import Operation, Price, ProviderError
from lunaroute_core.model import TextDelta
from lunaroute_core.testing import Pause, chat_request, stream_events, text_response
from lunaroute_routing import HedgeSettings, RoutingSettings, Target
from lunaroute_routing.events import AttemptEnded, FellBack, RequestEnded


def hedging(*, after_ms=10.0, ratio=1.0):
    return RoutingSettings(
        hedge=HedgeSettings(enabled=True, after_ms=after_ms, max_extra_ratio=ratio)
    )


@pytest.fixture
def slow():
    """An answer that never comes."""

    async def never(_request):
        await asyncio.Event().wait()

    return never


async def ask(router, *, stream):
    if not stream:
        return (await router.send(chat_request())).normalized.blocks[0].text
    async with await router.stream(chat_request(stream=True)) as opened:
        return "".join([event.text async for event in opened if isinstance(event, TextDelta)])


@pytest.mark.parametrize("stream", [False, True])
async def test_the_faster_one_answers_and_the_other_is_cancelled(bench, rule, slow, stream):
    bench.provider("a", slow)
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b", settings=hedging()))
    assert await ask(router, stream=stream) == "from b"
    outcomes = {event.provider: event.outcome for event in bench.of_type(AttemptEnded)}
    assert outcomes == {"a": "lost", "b": "completed"}
    assert [state.in_flight for state in router.snapshot()] == [0, 0]
    assert len(bench.of_type(RequestEnded)) == 1


async def test_a_stream_that_has_begun_without_content_is_overtaken(bench, rule):
    never = asyncio.Event()
    bench.provider("a", [stream_events(text_response())[0], Pause(never)])
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b", settings=hedging()))
    assert await ask(router, stream=True) == "from b"
    assert bench.providers["a"].open_streams == 0


async def test_content_decides_and_not_who_begins_to_speak(bench, rule):
    """What the second says without content is no answer, though there is no third to ask."""
    second_asked, never = asyncio.Event(), asyncio.Event()

    async def a_little_later(_request):
        await second_asked.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        return text_response("from a")

    async def begin(_request):
        second_asked.set()
        return [stream_events(text_response())[0], Pause(never)]

    bench.provider("a", a_little_later)
    bench.provider("b", begin)
    router = bench.router(rule("a", "b", settings=hedging()))
    assert await ask(router, stream=True) == "from a"
    assert bench.providers["b"].open_streams == 0


async def test_a_loser_that_answers_instead_of_being_cancelled_is_let_go(bench, rule):
    async def stubborn(_request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return stream_events(text_response())

    bench.provider("a", stubborn)
    bench.provider("b", text_response("from b"))
    router = bench.router(rule("a", "b", settings=hedging()))
    assert await ask(router, stream=True) == "from b"
    assert [state.in_flight for state in router.snapshot()] == [0, 0]
    assert bench.providers["a"].open_streams == 0


async def test_what_is_only_passed_on_is_not_done_twice(bench, rule, slow):
    """It may be an upload."""
    bench.provider("a", slow)
    bench.provider("b")
    router = bench.router(rule("a", "b", name="both", settings=hedging()))
    request = attrs.evolve(chat_request(), operation=Operation.FORWARD)
    request.context.route_override = "both"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await router.send(request)
    assert bench.asked == {"a": 1}


async def test_one_that_is_asked_beside_another_has_taken_nobodys_place(bench, rule, slow, failing):
    bench.provider("a", slow)
    bench.provider("b", failing("rate_limit"))
    bench.provider("c", text_response("from c"))
    router = bench.router(rule("a", "b", "c", settings=hedging()), rule("b", name="b"))
    request = chat_request()
    request.context.route_override = "b"
    with pytest.raises(ProviderError):
        await router.send(request)
    assert await ask(router, stream=False) == "from c"
    assert bench.of_type(FellBack) == []


async def test_the_first_may_still_win(bench, rule):
    second_asked = asyncio.Event()

    async def until_then(_request):
        await second_asked.wait()
        return text_response("from a")

    async def note(_request):
        second_asked.set()
        await asyncio.Event().wait()

    bench.provider("a", until_then)
    bench.provider("b", note)
    router = bench.router(rule("a", "b", settings=hedging()))
    assert await ask(router, stream=False) == "from a"
    outcomes = {event.provider: event.outcome for event in bench.of_type(AttemptEnded)}
    assert outcomes == {"a": "completed", "b": "lost"}


async def test_a_quick_answer_is_not_hedged(bench, rule):
    bench.provider("a", text_response("from a"))
    bench.provider("b")
    router = bench.router(rule("a", "b", settings=hedging(after_ms=60_000)))
    assert await ask(router, stream=False) == "from a"
    assert bench.asked == {"a": 1}


async def test_it_is_off_by_default(bench, rule, slow):
    bench.provider("a", slow)
    bench.provider("b")
    router = bench.router(rule("a", "b"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ask(router, stream=False)
    assert bench.asked == {"a": 1}


async def test_second_questions_never_exceed_their_share(bench, rule):
    async def a_little_later(_request):
        await asyncio.sleep(0.002)
        return text_response("late")

    bench.provider("a", a_little_later)
    bench.provider("b", a_little_later)
    router = bench.router(rule("a", "b", settings=hedging(after_ms=0.1, ratio=0.1)))
    for _ in range(50):
        await ask(router, stream=False)
    assert 1 <= sum(bench.asked.values()) - 50 <= 1 + 0.1 * 50


async def test_when_both_fail_the_next_is_asked(bench, rule, failing):
    both_asked = asyncio.Event()

    async def fail_then(_request):
        await both_asked.wait()
        raise failing("server")

    async def fail_too(_request):
        both_asked.set()
        raise failing("overloaded")

    bench.provider("a", fail_then)
    bench.provider("b", fail_too)
    bench.provider("c", text_response("from c"))
    router = bench.router(rule("a", "b", "c", settings=hedging()))
    assert await ask(router, stream=False) == "from c"


async def test_the_clients_own_fault_ends_the_race(bench, rule, slow, failing):
    bench.provider("a", slow)
    bench.provider("b", failing("invalid_request"))
    router = bench.router(rule("a", "b", settings=hedging()))
    with pytest.raises(ProviderError, match="invalid_request"):
        await ask(router, stream=False)
    assert [state.in_flight for state in router.snapshot()] == [0, 0]


async def test_what_the_loser_cost_is_told(bench, rule, slow):
    bench.provider("a", slow)
    bench.provider("b", text_response("from b"))
    target = Target(provider="a", price=Price(input=1_000_000.0, output=1.0))
    await ask(bench.router(rule(target, "b", settings=hedging())), stream=False)
    (lost,) = [event for event in bench.of_type(AttemptEnded) if event.outcome == "lost"]
    assert lost.cost_usd >= 1.0, "a dollar for each token of the input"


async def test_a_cancelled_request_cancels_both(bench, rule, slow):
    both_asked = asyncio.Event()

    async def note(_request):
        both_asked.set()
        await asyncio.Event().wait()

    bench.provider("a", slow)
    bench.provider("b", note)
    router = bench.router(rule("a", "b", settings=hedging(after_ms=1)))
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(ask(router, stream=True))
        await both_asked.wait()
        asking.cancel()
    assert asking.cancelled()
    assert bench.asked == {"a": 1, "b": 1}
    assert [state.in_flight for state in router.snapshot()] == [0, 0]
    assert [event.outcome for event in bench.of_type(RequestEnded)] == ["cancelled"]


async def test_a_failure_tells_of_all_attempts_of_a_route_that_the_client_has_named(
    bench, rule, failing
):
    bench.provider("a", failing("server"))
    bench.provider("b", failing("server"))
    router = bench.router(rule("a", "b", settings=hedging()))
    request = chat_request()
    request.context.route_override = "all"
    with pytest.raises(ProviderError):
        await router.send(request)
    assert [event.attempts for event in bench.of_type(RequestEnded)] == [2]
