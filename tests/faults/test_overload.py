"""Past its limit the gateway refuses quickly and stays small; it does not collapse."""

import asyncio

import psutil

from lunaroute_core.testing import Pause, Reply, json_reply

LIMIT = 20
PATIENCE_SECS = 20


async def test_twice_as_many_as_it_takes_on_are_refused_at_once(
    harness, server, spoken, stream, *, error_answer
):
    free = asyncio.Event()
    good = json_reply(200, spoken.answer(harness.text))
    reply = Reply([Pause(free), *good.steps])
    async with (
        asyncio.timeout(PATIENCE_SECS),
        harness.between(server, reply, max_concurrent_requests=LIMIT) as (served, upstream),
        asyncio.TaskGroup() as tasks,
    ):
        held = [tasks.create_task(served.answer(spoken, stream=False)) for _ in range(LIMIT)]
        await upstream.received(LIMIT)
        async with asyncio.timeout(1):
            refused = await asyncio.gather(
                *(served.answer(spoken, stream=stream) for _ in range(LIMIT))
            )
        for answer in refused:
            assert answer.status == (529 if spoken.vendor == "anthropic" else 503)
            assert answer.header("retry-after") == "1"
            assert f"{LIMIT} requests" in error_answer(spoken, answer)
        assert len(upstream.requests) == LIMIT
        free.set()
        assert {answer.status for answer in await asyncio.gather(*held)} == {200}
        assert (await served.answer(spoken, stream=False)).status == 200


async def test_under_twice_the_load_it_works_on_and_stays_small(harness, server):
    """Clients that come back again and again, each with a megabyte."""
    spoken = harness.dialects["openai_chat"]
    busiest = 0

    def reply(_request):
        nonlocal busiest
        busiest = max(busiest, served.gateway.active_requests)
        upstream.requests.clear()  # it would keep every body
        return json_reply(200, spoken.answer(harness.text))

    memory = psutil.Process().memory_info
    large = spoken.body(stream=False)[:-1] + b', "user": "' + b"x" * 1_000_000 + b'"}'
    statuses = []

    async def client():
        for _ in range(10):
            async with served.connection() as connection:
                connection.ask("POST", spoken.path, large)
                answer = await connection.answer()
                assert answer.is_whole
                statuses.append(answer.status)

    async with (
        asyncio.timeout(PATIENCE_SECS),
        harness.between(server, reply, max_concurrent_requests=LIMIT) as (served, upstream),
    ):
        await client()
        before = memory().rss
        async with asyncio.TaskGroup() as tasks:
            for _ in range(2 * LIMIT):
                tasks.create_task(client())
        # A client's own copy, the server's, the gateway's, that on its way, and the upstream's.
        assert memory().rss - before < 2 * LIMIT * 5 * len(large)
        await served.idle()
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= LIMIT
    assert busiest <= LIMIT
