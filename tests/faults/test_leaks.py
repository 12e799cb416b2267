"""After many requests, good and bad, nothing is left of them."""

import asyncio

import pytest
from attrs import frozen

from lunaroute_core.testing import Hang, Reply, Reset, json_reply, sse_reply

SEQUENTIAL = 1000
PARALLEL = 200
KINDS = ("good", "good", "good", "failing", "cut", "reset", "leaving")
"""What becomes of the requests, in turn; most of them go well."""


@frozen
class Asked:
    """One of many requests."""

    number: int
    spoken: object

    @property
    def kind(self):
        return KINDS[self.number % len(KINDS)]

    @property
    def stream(self):
        return self.number % 2 == 1

    @property
    def headers(self):
        return [("x-kind", self.kind), ("x-dialect", self.spoken.name)]

    async def on(self, connection):
        """Ask, and read the answer; returns whether the connection can be used again."""
        connection.ask_for(self.spoken, stream=self.stream, headers=self.headers)
        if self.kind == "leaving":
            if self.stream:
                assert await connection.first_block()
            connection.abort()
            return False
        answer = await connection.answer()
        assert answer.is_whole
        failed = self.kind == "failing" or (self.kind != "good" and not self.stream)
        assert (answer.status == 200) is not failed or self.kind == "reset"
        return True


@pytest.fixture
def script(harness):
    """An upstream that does with each request what its headers say."""

    def reply(request):
        spoken = harness.dialects[request.header("x-dialect")]
        stream = b'"stream": true' in request.body
        whole = {
            "good": json_reply(200, spoken.answer(harness.text)),
            "failing": json_reply(500, spoken.busy),
            "cut": json_reply(200, spoken.answer(""), end="cut"),
            "reset": Reply([Reset()]),
            "leaving": Reply([Hang()]),
        }
        streamed = {
            "good": sse_reply(spoken.frames(harness.text)),
            "cut": sse_reply(spoken.frames("")[:2], end="cut"),
            "leaving": sse_reply(spoken.frames("")[:1], end="hang"),
        }
        return (whole | streamed if stream else whole)[request.header("x-kind")]

    return reply


@pytest.fixture
def served(harness, script, server):
    """A gateway whose idle connections to the upstream close at once."""
    return harness.between(server, script, idle_seconds=0.2)


def requests(harness, count):
    spoken = list(harness.dialects.values())
    return [Asked(number, spoken[number % len(spoken)]) for number in range(count)]


async def settled(harness, gateway, upstream):
    await gateway.idle()
    await harness.until(lambda: upstream.open_connections == 0)


async def test_a_thousand_requests_one_after_the_other_leave_nothing(harness, served, possessions):
    async with served as (gateway, upstream):
        before = possessions()
        waiting = iter(requests(harness, SEQUENTIAL))
        asked = next(waiting)
        while asked is not None:
            async with asyncio.timeout(30), gateway.connection() as connection:
                reusable = True
                while asked is not None and reusable:
                    reusable = await asked.on(connection)
                    asked = next(waiting, None)
        await settled(harness, gateway, upstream)
        await before.restored()
    assert len(upstream.requests) > SEQUENTIAL * 0.9


async def test_two_hundred_requests_at_once_leave_nothing(harness, served, possessions):
    async with served as (gateway, upstream):
        before = possessions()

        async def ask(asked):
            async with gateway.connection() as connection:
                await asked.on(connection)

        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            for asked in requests(harness, PARALLEL):
                tasks.create_task(ask(asked))
        await settled(harness, gateway, upstream)
        await before.restored()
    assert len(upstream.requests) > PARALLEL * 0.9


async def test_a_gateway_that_was_served_and_closed_leaves_nothing(harness, script, server):
    """Not even where its upstream's connections were still open."""
    tasks = len(asyncio.all_tasks())
    async with harness.between(server, script) as (gateway, upstream):
        for asked in requests(harness, KINDS.count("good")):
            async with gateway.connection() as connection:
                await asked.on(connection)
        assert upstream.open_connections > 0
    assert upstream.open_connections == 0
    assert len(asyncio.all_tasks()) == tasks
