"""The rows of the table. Gateway and bare relay are measured in turn, so that what else the
machine does meets both."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

from attrs import frozen

from benchmarks import requests
from benchmarks.child_process import ChildProcess
from benchmarks.contestants import Arena, Contestants
from benchmarks.http_client import Connection
from benchmarks.load import closed_loop, first_byte, open_loop, paced_streams
from benchmarks.result import Result, absolute, compared, percentile
from benchmarks.upstream import STREAM_CHUNKS

Load = Callable[[int], Awaitable[object]]
"""Puts load on the port it is given."""

CONNECTIONS = 32
HELD_STREAMS = {"hypercorn": 100, "uvicorn": 200}


@frozen(kw_only=True)
class Scale:
    """How much is asked. `rounds` times A, B.

    The system counts processor time in hundredths of a second, so a round must take some.
    """

    rounds: int = 5
    small_requests: int = 3_000
    streams: int = 900
    large_requests: int = 900
    paced_rounds: int = 2
    paced_chunks: int = 250
    latency_seconds: float = 3.0
    first_bytes: int = 100
    starts: int = 3
    warm_up_requests: int = 3_000
    memory_requests: int = 10_000


async def cpu_of(child: ChildProcess, load: Load, count: int) -> float:
    """Microseconds of CPU for each of the `count` things in a load."""
    before = child.cpu_seconds()
    await load(child.port)
    return (child.cpu_seconds() - before) / count * 1e6


async def alternate(
    contestants: Contestants, load: Load, *, count: int, rounds: int
) -> list[tuple[float, float]]:
    return [
        (
            await cpu_of(contestants.subject, load, count),
            await cpu_of(contestants.bare, load, count),
        )
        for _ in range(rounds)
    ]


def repeated(payload: bytes, count: int, connections: int = CONNECTIONS) -> Load:
    def load(port: int) -> Awaitable[None]:
        return closed_loop(port, payload, connections=connections, requests=count)

    return load


async def warm_up(contestants: Contestants) -> None:
    for child in (contestants.subject, contestants.bare):
        for payload in (requests.SMALL, requests.STREAM, requests.LARGE):
            await repeated(payload, 200)(child.port)


async def throughput(contestants: Contestants, scale: Scale) -> list[Result]:
    cases = [
        ("JSON, 220 B", "µs CPU/request", requests.SMALL, scale.small_requests, 1.35),
        ("stream of 66 chunks", "µs CPU/stream", requests.STREAM, scale.streams, 1.35),
        ("JSON, 150 kB", "µs CPU/request", requests.LARGE, scale.large_requests, 1.5),
    ]
    results: list[Result] = []
    for case, unit, payload, count, budget in cases:
        load = repeated(payload, count)
        pairs = await alternate(contestants, load, count=count, rounds=scale.rounds)
        results.append(compared(contestants.server, case, unit, pairs=pairs, budget=budget))
    return results


async def held_streams(contestants: Contestants, scale: Scale) -> list[Result]:
    streams, chunks = HELD_STREAMS[contestants.server], scale.paced_chunks
    payload = requests.paced(chunks)
    late: dict[int, list[float]] = {contestants.subject.port: [], contestants.bare.port: []}

    async def load(port: int) -> None:
        late[port] += await paced_streams(port, payload, streams=streams, chunks=chunks)

    pairs = await alternate(contestants, load, count=streams * chunks, rounds=scale.paced_rounds)
    case = f"{streams} streams, 50 chunks/s each"
    gateway, bare = (percentile(values, 0.99) * 1e3 for values in late.values())
    return [
        compared(contestants.server, case, "µs CPU/chunk", pairs=pairs, budget=1.35),
        Result(
            server=contestants.server,
            case=case,
            unit="ms late, p99",
            gateway=gateway,
            bare=bare,
            judged=gateway,
            judged_as="value",
            budget=20,
        ),
    ]


async def translation(contestants: Contestants, scale: Scale) -> list[Result]:
    """A Chat client's requests to an Anthropic upstream, over the bare relay's to a Chat one."""
    server = contestants.server
    count, streams = scale.small_requests, scale.streams // 2
    whole = await alternate(
        contestants, repeated(requests.TRANSLATED, count), count=count, rounds=scale.rounds
    )
    chunks = streams * STREAM_CHUNKS
    streamed = await alternate(
        contestants,
        repeated(requests.TRANSLATED_STREAM, streams),
        count=chunks,
        rounds=scale.rounds,
    )
    gateway, bare = (median(pair[side] for pair in streamed) for side in (0, 1))
    return [
        compared(server, "translated JSON, 220 B", "µs CPU/request", pairs=whole, budget=1.7),
        absolute(
            server,
            "translated stream of 66 chunks",
            "µs CPU/chunk",
            gateway=gateway,
            bare=bare,
            budget=25,
        ),
        await _first_bytes(contestants, scale),
    ]


async def _first_bytes(contestants: Contestants, scale: Scale) -> Result:
    """When a stream begins that is translated, over one that is passed through."""
    port = contestants.subject.port
    payloads = (requests.TRANSLATED_STREAM, requests.STREAM)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(scale.first_bytes):
        for payload, seconds in zip(payloads, taken, strict=True):
            seconds.append(await first_byte(port, payload))
    translated, passed = (percentile(seconds, 0.5) * 1e3 for seconds in taken)
    return absolute(
        contestants.server,
        "translated stream's first byte, over passthrough",
        "ms, p50",
        gateway=translated,
        bare=passed,
        budget=5,
    )


async def latency(contestants: Contestants, scale: Scale) -> list[Result]:
    taken: dict[int, list[float]] = {contestants.subject.port: [], contestants.upstream_port: []}
    for _ in range(2):
        for port in taken:
            taken[port] += await open_loop(
                port, requests.SMALL, rate=100, seconds=scale.latency_seconds
            )
    results: list[Result] = []
    for name, share, budget in (("p50", 0.5, 1), ("p99", 0.99, 5)):
        gateway, direct = (percentile(values, share) * 1e3 for values in taken.values())
        results.append(
            absolute(
                contestants.server,
                "100 requests/s, over direct",
                f"ms, {name}",
                gateway=gateway,
                bare=direct,
                budget=budget,
            )
        )
    return results


async def memory(contestants: Contestants, scale: Scale) -> list[Result]:
    child = contestants.subject
    for payload in (requests.SMALL, requests.STREAM):
        await repeated(payload, scale.warm_up_requests // 2)(child.port)
    before = child.resident_bytes()
    await repeated(requests.SMALL, scale.memory_requests)(child.port)
    growth = child.resident_bytes() - before
    return [
        Result(
            server=contestants.server,
            case=f"memory, and growth over {scale.memory_requests:,} requests",
            unit="MB",
            gateway=before / 1e6,
            judged=growth / 1e6,
            judged_as="growth",
            budget=10,
        )
    ]


async def start_up(arena: Arena, server: str, scale: Scale) -> list[Result]:
    """Seconds from starting the command to its first answer."""
    seconds = [await first_answer(arena.new_subject(server)) for _ in range(scale.starts)]
    middle = percentile(seconds, 0.5)
    return [absolute(server, "start to first answer", "s", gateway=middle, budget=1.5)]


async def first_answer(child: ChildProcess) -> float:
    started = time.monotonic()
    child.start()
    try:
        async with asyncio.timeout(30):
            connection = await first_connection(child)
            await connection.request(requests.SMALL)
            connection.close()
            return time.monotonic() - started
    finally:
        child.stop()


async def first_connection(child: ChildProcess) -> Connection:
    while True:
        child.fail_if_ended()
        try:
            return await Connection.open(child.port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.005)


async def measure(arena: Arena, server: str, scale: Scale) -> list[Result]:
    results: list[Result] = []
    with arena.contestants(server) as contestants:
        await warm_up(contestants)
        for rows in (throughput, translation, held_streams, latency, memory):
            results += await rows(contestants, scale)
    return results + await start_up(arena, server, scale)
