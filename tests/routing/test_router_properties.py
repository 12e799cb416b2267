"""Whatever providers do: no output twice, one end for each request, no more attempts than meant."""

import asyncio
from collections import Counter
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from lunaroute_core import ErrorDetails, ErrorKind, ProviderError, UpstreamAnsweredError
from lunaroute_core.model import TextDelta
from lunaroute_core.testing import (
    FakeClock,
    FakeProvider,
    chat_request,
    stream_events,
    text_response,
)
from lunaroute_routing import (
    RetrySettings,
    Router,
    RouteTable,
    RoutingSettings,
    Rule,
    Target,
    Tier,
)
from lunaroute_routing.events import AttemptEnded, RequestEnded
from lunaroute_routing.strategies import (
    Cheapest,
    LeastBusy,
    LeastLatency,
    Ordered,
    RoundRobin,
    SmoothWeighted,
    Sticky,
)

NAMES = ("a", "b", "c")
EVENTS = stream_events(text_response("hello"))
FAULTS = st.sampled_from(list(ErrorKind))
STRATEGIES = (Cheapest, Ordered, RoundRobin, SmoothWeighted, LeastLatency, LeastBusy, Sticky)


def error(kind, retry_after=None):
    details = ErrorDetails(kind=kind, message=str(kind), retry_after=retry_after)
    return UpstreamAnsweredError(details, provider="upstream")


class Events(list):
    hears_each = True

    def observe(self, event):
        self.append(event)

    def of_type(self, kind):
        return [event for event in self if isinstance(event, kind)]


def tiers(shape, strategy):
    return tuple(
        Tier(targets=tuple(Target(provider=name) for name in names), strategy=strategy())
        for names in shape
    )


SHAPES = st.sampled_from(
    [(("a",),), (("a", "b", "c"),), (("a",), ("b", "c")), (("a", "b"), ("c",))]
)
OUTCOMES = st.lists(st.none() | FAULTS, min_size=1, max_size=4)


def script(outcomes, *, stream, cut):
    """Answers in order; a stream's error comes after `cut` of its events."""
    for kind in outcomes:
        if kind is None:
            yield text_response("hello")
        elif stream and cut:
            yield [*EVENTS[:cut], error(kind)]
        else:
            yield error(kind)


@settings(max_examples=150, deadline=None)
@given(
    outcomes=st.tuples(OUTCOMES, OUTCOMES, OUTCOMES),
    shape=SHAPES,
    strategy=st.sampled_from(STRATEGIES),
    stream=st.booleans(),
    cut=st.integers(0, len(EVENTS) - 1),
    retries=st.integers(0, 2),
    requests=st.integers(1, 6),
)
def test_every_request_ends_once_and_says_nothing_twice(
    outcomes, shape, strategy, stream, cut, retries, requests
):
    events, clock = Events(), FakeClock(now=1.0, autojump=True)
    providers = {
        name: FakeProvider(*script(one, stream=stream, cut=cut), name=name)
        for name, one in zip(NAMES, outcomes, strict=True)
    }
    router = Router(
        providers=providers,
        table=RouteTable(
            rules=[Rule(name="all", tiers=tiers(shape, strategy))],
            settings=RoutingSettings(retry=RetrySettings(max_retries=retries)),
        ),
        observers=[events],
        clock=clock,
        sleep=clock.sleep,
    )
    asyncio.run(_ask_all(router, requests, stream=stream))
    ends = events.of_type(RequestEnded)
    assert len(ends) == requests
    attempts = Counter(event.request_id for event in events.of_type(AttemptEnded))
    deployments = sum(len(names) for names in shape)
    assert all(count <= deployments * (retries + 1) for count in attempts.values())
    assert sum(attempts.values()) == sum(len(one.requests) for one in providers.values())
    assert all(state.in_flight == 0 for state in router.snapshot())
    assert all(one.open_streams == 0 for one in providers.values())


async def _ask_all(router, requests, *, stream):
    for _ in range(requests):
        with suppress(ProviderError):
            await (_read(router) if stream else router.send(chat_request()))


async def _read(router):
    heard = ""
    try:
        async with await router.stream(chat_request(stream=True)) as answer:
            async for event in answer:
                if isinstance(event, TextDelta):
                    heard += event.text
    finally:
        assert "hello".startswith(heard)


class Choosing(RuleBasedStateMachine):
    """Requests, failures and time in any order; no provider is asked that rests while another
    one does not.
    """

    @initialize(strategy=st.sampled_from(STRATEGIES))
    def begin(self, strategy):
        self.clock = FakeClock(now=1.0)
        self.faults = dict.fromkeys(NAMES)
        self.providers = {
            name: FakeProvider(lambda request, name=name: self.answer(name), name=name)
            for name in NAMES
        }
        self.router = Router(
            providers=self.providers,
            table=RouteTable(rules=[Rule(name="all", tiers=tiers([NAMES], strategy))]),
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        self.asked = []

    def answer(self, name):
        states = {state.provider: state for state in self.router.snapshot()}
        self.asked.append((name, self.resting(states), states[name]))
        fault = self.faults[name]
        return text_response() if fault is None else error(*fault)

    def resting(self, states):
        return {
            name
            for name, state in states.items()
            if state.breaker_secs or state.cooldowns or state.health == "unhealthy"
        }

    @rule(name=st.sampled_from(NAMES), kind=FAULTS, wait=st.none() | st.integers(1, 100))
    def break_down(self, name, kind, wait):
        self.faults[name] = (kind, wait)

    @rule(name=st.sampled_from(NAMES))
    def mend(self, name):
        self.faults[name] = None

    @rule(seconds=st.sampled_from([0.5, 5, 30, 60, 100]))
    def wait(self, seconds):
        self.clock.advance(seconds)

    @rule(times=st.integers(1, 6))
    def ask(self, times):
        for _ in range(times):
            self.asked.clear()
            with suppress(ProviderError):
                asyncio.run(self.router.send(chat_request()))
            self.check()

    def check(self):
        names = [name for name, _, _ in self.asked]
        assert len(names) == len(set(names)), "a provider was asked twice for one request"
        tried = set()
        for name, resting, state in self.asked:
            others = set(NAMES) - tried - resting
            probed = state.breaker == "half_open"  # by this very request
            assert probed or name not in resting or not others, f"{name} rests, {others} do not"
            tried.add(name)

    @precondition(lambda self: hasattr(self, "router"))
    @invariant()
    def nothing_is_left_running(self):
        assert all(state.in_flight == 0 for state in self.router.snapshot())


TestChoosing = Choosing.TestCase
TestChoosing.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
