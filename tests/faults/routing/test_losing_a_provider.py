"""One of three providers dies under load, and comes back."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from lunaroute_core.testing import Reply, ScriptedUpstream, Sleep, json_reply, sse_reply
from lunaroute_egress import Connector, HttpClient, KeyRing, OpenAIEndpoint
from lunaroute_egress.deadline_watch import DeadlineWatch
from lunaroute_routing import (
    BreakerSettings,
    HealthSettings,
    RouteTable,
    RoutingSettings,
    Rule,
    Target,
    Tier,
)
from lunaroute_routing.strategies import RoundRobin

RATE = 100
SECONDS = 3.0
DIES_AT, RETURNS_AT = 1.0, 1.8
BREAKER_SECS = 0.4
ANSWER_SECS = 0.03
NAMES = ("one", "two", "three")
SETTINGS = RoutingSettings(
    breaker=BreakerSettings(failure_threshold=3, timeout_secs=BREAKER_SECS),
    # By its health alone it would be left for the whole window.
    health=HealthSettings(min_requests=10_000),
)


def upstream_for(harness, arrivals, *, port=0):
    spoken = harness.dialects["openai_chat"]

    def play(request):
        arrivals.append(asyncio.get_running_loop().time())
        if json.loads(request.body).get("stream"):
            answer = sse_reply([b"".join(spoken.frames("well"))])
        else:
            answer = json_reply(200, spoken.answer("well"))
        return Reply([Sleep(ANSWER_SECS), *answer.steps])

    return ScriptedUpstream(play, port=port)


def connector(name, url, http):
    return Connector(
        name=name,
        endpoint=OpenAIEndpoint(base_url=f"{url}/v1"),
        dialects=("openai_chat",),
        http=http,
        keys=KeyRing(("k",)),
    )


class Load:
    """Requests at an even rate, and what became of each: when it was sent, and how long it took."""

    def __init__(self, served, spoken, *, stream):
        self.served, self.spoken, self.stream = served, spoken, stream
        self.answers = []

    async def run(self):
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(RATE * SECONDS)):
                at = start + number / RATE
                tasks.create_task(self._ask(at, start))

    async def _ask(self, at, start):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(at - loop.time())
        answer = await self.served.answer(self.spoken, stream=self.stream)
        self.answers.append((at - start, loop.time() - at, answer))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_no_request_is_lost(harness, stream):
    """Those that had no content yet are answered elsewhere, nobody waits for the dead one after
    the breaker has opened, and its return is noticed by one probe at a time.
    """
    arrivals = {name: [] for name in NAMES}
    spoken = harness.dialects["openai_chat"]
    http = HttpClient(watch=DeadlineWatch(interval=0.02))
    async with AsyncExitStack() as stack:
        upstreams = {name: upstream_for(harness, arrivals[name]) for name in NAMES}
        mortal = AsyncExitStack()
        await stack.enter_async_context(mortal)
        for name, upstream in upstreams.items():
            place = mortal if name == "one" else stack
            await place.enter_async_context(upstream)
        targets = tuple(Target(provider=name) for name in NAMES)
        rule = Rule(name="all", tiers=(Tier(targets=targets, strategy=RoundRobin()),))
        providers = {name: connector(name, one.url, http) for name, one in upstreams.items()}
        gateway = harness.gateway_for(
            providers, http, table=RouteTable(rules=[rule], settings=SETTINGS)
        )
        served = await stack.enter_async_context(harness.serving("uvicorn", gateway))
        load = Load(served, spoken, stream=stream)
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run())
            await asyncio.sleep(DIES_AT)
            await mortal.aclose()
            died, before = loop.time(), len(arrivals["one"])
            await asyncio.sleep(RETURNS_AT - DIES_AT)
            port = int(upstreams["one"].url.rpartition(":")[2])
            await stack.enter_async_context(upstream_for(harness, arrivals["one"], port=port))
            returned = loop.time()
        await served.idle()

    assert len(load.answers) == RATE * SECONDS
    for _, _, answer in load.answers:
        assert answer.status == 200
        assert spoken.read(answer, stream=stream) == "well"
    late = sorted(
        took for at, took, _ in load.answers if at > DIES_AT + BREAKER_SECS and at < RETURNS_AT
    )
    assert late[int(0.99 * len(late))] < ANSWER_SECS + 0.25
    probes = arrivals["one"][before:]
    assert probes, "its return was noticed"
    assert probes[0] - returned <= BREAKER_SECS + 0.25
    assert probes[1] - probes[0] >= ANSWER_SECS, "the second probe waits for the first"
    assert len(probes) > 10, "it takes its share again"
    assert died < returned
