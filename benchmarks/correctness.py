"""What must hold before any figure means something: nothing is changed on the way through."""

import hashlib
import time

from benchmarks import requests
from benchmarks.child_process import ChildProcess
from benchmarks.contestants import Arena
from benchmarks.http_client import Connection, LoadError, body_of, post
from benchmarks.load import closed_loop, first_byte, open_loop, paced_streams
from benchmarks.measurements import first_answer
from benchmarks.upstream import STREAM_CHUNKS

_CHUNKS = 5


async def check(arena: Arena, server: str) -> None:
    """A few requests of every kind through both contestants.

    Raises:
        LoadError: something came out otherwise than it went in.
    """
    with arena.contestants(server) as contestants:
        for child in (contestants.subject, contestants.bare):
            await _same_answers(child, arena.upstream_port)
            await _whole_requests(child)
            await _translations(child)
            await _loads(child)
    seconds = await first_answer(arena.new_subject(server))
    _require(0 < seconds < time.monotonic(), "the start took no time")


async def _same_answers(child: ChildProcess, upstream_port: int) -> None:
    for payload in (requests.SMALL, requests.STREAM, requests.LARGE):
        relayed = await _answer(child.port, payload)
        direct = await _answer(upstream_port, payload)
        _require(relayed == direct, f"the answer {relayed!r} is not {direct!r}")


async def _whole_requests(child: ChildProcess) -> None:
    for size in (requests.SMALL_BYTES, requests.LARGE_BYTES):
        body = requests.chat("bench-digest", size=size)
        answer = await _answer(child.port, post(body))
        digest = hashlib.sha256(body).hexdigest().encode()
        _require(digest in answer, f"the body of {size} bytes did not arrive as sent")


async def _translations(child: ChildProcess) -> None:
    """The Anthropic upstream says the same, so that a Chat client reads the same."""
    whole = await _answer(child.port, requests.TRANSLATED)
    _require(b"It lies on the river Seine." in whole, f"the answer is {whole!r}")
    stream = await _answer(child.port, requests.TRANSLATED_STREAM)
    words = stream.count(b'"content":" Paris"')
    _require(words == STREAM_CHUNKS - 2, f"{words} chunks of text arrived")
    _require(await first_byte(child.port, requests.STREAM) > 0, "the stream began at once")


async def _loads(child: ChildProcess) -> None:
    cpu = child.cpu_seconds()
    await closed_loop(child.port, requests.SMALL, connections=4, requests=20)
    taken = await open_loop(child.port, requests.SMALL, rate=50, seconds=0.2)
    _require(len(taken) == 10, f"{len(taken)} requests were answered of 10")
    late = await paced_streams(child.port, requests.paced(_CHUNKS), streams=4, chunks=_CHUNKS)
    _require(min(late) > 0, "a chunk arrived before it was sent")
    _require(child.cpu_seconds() >= cpu, "CPU time ran backwards")
    _require(child.resident_bytes() > 0, "the process has no memory")


async def _answer(port: int, payload: bytes) -> bytes:
    connection = await Connection.open(port)
    answer = await connection.request(payload)
    connection.close()
    return body_of(answer)


def _require(condition: object, message: str) -> None:
    if not condition:
        raise LoadError(message)
