"""Three kinds of load, each bounded in count and in time."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence

from attrs import define

from benchmarks.http_client import Connection, LoadError
from benchmarks.upstream import CHUNKS_PER_SECOND

DEADLINE = 120.0
"""Seconds after which a load that does not end is given up."""

_SENT = re.compile(rb'"sent_ns":(\d+)')


async def closed_loop(port: int, payload: bytes, *, connections: int, requests: int) -> None:
    """`requests` requests, on each of `connections` connections one after the other."""
    shares = iter(range(requests))
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        for _ in range(min(connections, requests)):
            group.create_task(_worker(port, payload, shares))


async def _worker(port: int, payload: bytes, shares: Iterator[int]) -> None:
    connection = await Connection.open(port)
    for _ in shares:
        await connection.request(payload)
    connection.close()


async def open_loop(port: int, payload: bytes, *, rate: int, seconds: float) -> list[float]:
    """Requests at a fixed rate; the seconds each took, in no order."""
    workers = max(1, rate // 10)
    latencies: list[float] = []
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        begin = asyncio.get_running_loop().time() + 0.05
        due = [begin + number / rate for number in range(int(rate * seconds))]
        for worker in range(workers):
            group.create_task(_punctual_worker(port, payload, due[worker::workers], latencies))
    return latencies


async def _punctual_worker(
    port: int, payload: bytes, times: Sequence[float], latencies: list[float]
) -> None:
    connection = await Connection.open(port)
    clock = asyncio.get_running_loop().time
    for due in times:
        await asyncio.sleep(due - clock())
        started = time.perf_counter()
        await connection.request(payload)
        latencies.append(time.perf_counter() - started)
    connection.close()


async def first_byte(port: int, payload: bytes) -> float:
    """Seconds from sending a request for a stream to the first event of its answer."""
    arrived: list[float] = []

    def note(data: bytes) -> None:
        if not arrived and b"data:" in data:
            arrived.append(time.perf_counter())

    connection = await Connection.open(port, note)
    started = time.perf_counter()
    await connection.request(payload)
    connection.close()
    return arrived[0] - started


async def paced_streams(port: int, payload: bytes, *, streams: int, chunks: int) -> list[float]:
    """Streams held open at once; `payload` asks for `chunks` chunks from each.

    Returns the lateness of every chunk in seconds, from the upstream's sending it to its
    arrival here. The streams begin spread over one interval.
    """
    lateness: list[float] = []
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        for number in range(streams):
            delay = number / streams / CHUNKS_PER_SECOND
            group.create_task(_hold(port, payload, delay, lateness))
    if len(lateness) != streams * chunks:
        raise LoadError(f"{len(lateness)} chunks arrived of {streams * chunks}")
    return lateness


async def _hold(port: int, payload: bytes, delay: float, lateness: list[float]) -> None:
    connection = await Connection.open(port, _ChunkTimes(lateness).note)
    await asyncio.sleep(delay)
    await connection.request(payload)
    connection.close()


@define
class _ChunkTimes:
    """Reads the sending times out of one stream."""

    lateness: list[float]
    _rest: bytes = b""

    def note(self, data: bytes) -> None:
        now = time.monotonic_ns()
        whole, _, self._rest = (self._rest + data).rpartition(b"\n\n")
        self.lateness.extend((now - int(sent)) / 1e9 for sent in _SENT.findall(whole))
