"""Requests that are left at any moment, while anything goes wrong: nothing stays behind."""

import asyncio
from collections import Counter
from contextlib import suppress
from random import Random

import pytest

from lunaroute_core import (
    ErrorDetails,
    InvalidRequestError,
    ModelResponse,
    ModelStream,
    ProviderError,
    RequestError,
    UpstreamAnsweredError,
)
from lunaroute_core.model import TextDelta
from lunaroute_core.testing import chat_request, stream_events, text_response
from lunaroute_routing import (
    BreakerSettings,
    CooldownSettings,
    HedgeSettings,
    RetrySettings,
    Router,
    RouteTable,
    RoutingSettings,
    Rule,
    Target,
    Tier,
)
from lunaroute_routing.events import AttemptEnded, RequestEnded

EVENTS = stream_events(text_response("hello"))
KINDS = (
    "server",
    "rate_limit",
    "invalid_request",
    "overloaded",
    "billing",
    "not_found",
    "conflict",
)


class CrashedError(Exception):
    """A provider's own mistake."""


class Moody:
    """Takes its time, and fails in all ways, at every step."""

    def __init__(self, name, rng):
        self.name = name
        self.rng = rng
        self.calls = 0
        self.open_streams = 0

    async def send(self, request):
        await self.begin(request)
        return ModelResponse(provider=self.name, model="m", normalized=text_response("hello"))

    async def stream(self, request):
        await self.begin(request)
        return ModelStream(provider=self.name, model="m", events=self.events())

    async def begin(self, request):
        self.calls += 1
        request.context.attempts += 1
        await self.turns()
        self.fail_perhaps()

    async def events(self):
        self.open_streams += 1
        try:
            for event in EVENTS:
                await self.turns()
                if self.rng.random() < 0.3:
                    self.fail_perhaps()
                yield event
        finally:
            try:
                await asyncio.sleep(0)
            finally:
                self.open_streams -= 1

    async def turns(self):
        for _ in range(self.rng.choice([0, 0, 1, 2, 3, 9])):
            await asyncio.sleep(0)

    def fail_perhaps(self):
        mood = self.rng.random()
        if mood < 0.25:
            details = ErrorDetails(kind=self.rng.choice(KINDS), message="no")
            raise UpstreamAnsweredError(details, provider=self.name)
        if mood < 0.3:
            raise CrashedError
        if mood < 0.33:
            raise InvalidRequestError("no")


class Observed(list):
    hears_each = True
    observe = list.append


def settings(rng):
    return RoutingSettings(
        hedge=HedgeSettings(enabled=rng.random() < 0.7, after_ms=0, max_extra_ratio=1.0),
        retry=RetrySettings(max_retries=rng.choice([0, 2]), base_ms=0, max_ms=0),
        breaker=BreakerSettings(failure_threshold=rng.choice([1, 3, 100]), timeout_secs=0),
        cooldown=CooldownSettings(enabled=False),
        commit_after_secs=rng.choice([0, 1]),
    )


def routed(providers, rng, **router):
    roles = ("primary", *["fallback"] * (len(providers) - 1))
    tiers = tuple(
        Tier(targets=(Target(provider=name),), role=role)
        for name, role in zip(providers, roles, strict=True)
    )
    table = RouteTable(rules=[Rule(name="all", tiers=tiers, settings=settings(rng))])
    return Router(providers=providers, table=table, rng=rng, **router)


async def ask(router, rng, *, stream):
    heard = ""
    with suppress(ProviderError, RequestError, CrashedError):
        if not stream:
            await router.send(chat_request())
            return
        async with await router.stream(chat_request(stream=True)) as answer:
            async for event in answer:
                if isinstance(event, TextDelta):
                    heard += event.text
                if rng.random() < 0.03:
                    break
    assert "hello".startswith(heard)


async def ask_and_leave(router, rng):
    async with asyncio.TaskGroup() as tasks:
        for _ in range(rng.randint(1, 6)):
            asking = tasks.create_task(ask(router, rng, stream=rng.random() < 0.7))
            if rng.random() < 0.5:
                for _ in range(rng.randint(0, 25)):
                    await asyncio.sleep(0)
                asking.cancel()
                if rng.random() < 0.3:
                    await asyncio.sleep(0)
                    asking.cancel()


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("seed", range(200))
async def test_nothing_stays_behind(seed, nested):
    rng, events = Random(seed), Observed()
    moody = {name: Moody(name, rng) for name in "abc"[: rng.choice([1, 2, 3])]}
    routers = [routed(moody, rng, observers=[events])]
    if nested:
        routers.append(routed({"inner": routers[0], **moody}, rng))
    await ask_and_leave(routers[-1], rng)
    states = [state for router in routers for state in router.states]
    assert [state.in_flight for state in states] == [0] * len(states)
    assert all(state.breaker.available for state in states), "a probe's place is lost"
    assert [one.open_streams for one in moody.values()] == [0] * len(moody)
    ended = Counter(event.request_id for event in events if isinstance(event, RequestEnded))
    assert all(count == 1 for count in ended.values()) or nested
    if not nested:
        attempts = [event for event in events if isinstance(event, AttemptEnded)]
        assert len(attempts) == sum(one.calls for one in moody.values())
