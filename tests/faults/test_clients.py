"""Clients that leave, stall, send too much or ask first."""

import asyncio
import json
from contextlib import suppress

import psutil
import pytest

from lunaroute_core.testing import Hang, Pause, Reply, Reset, json_reply, sse_reply

LATEST = 1.0
"""Seconds within which a call to an upstream ends when nobody wants its answer any more."""
PATIENCE_SECS = 15


async def test_a_client_that_leaves_while_it_waits_has_its_call_cancelled(
    harness, server, spoken, stream
):
    async with (
        asyncio.timeout(PATIENCE_SECS),
        harness.between(server, Reply([Hang()])) as (served, upstream),
    ):
        async with served.connection() as connection:
            connection.ask_for(spoken, stream=stream)
            await upstream.received(1)
        async with asyncio.timeout(LATEST):
            await upstream.disconnected(1)
        await served.idle()


@pytest.mark.parametrize("manner", ["close", "abort"])
async def test_a_client_that_leaves_a_stream_has_its_call_cancelled(
    harness, server, spoken, *, manner
):
    reply = sse_reply([spoken.frames("hi")[0]], end="hang")
    async with (
        asyncio.timeout(PATIENCE_SECS),
        harness.between(server, reply) as (served, upstream),
    ):
        async with served.connection() as connection:
            connection.ask_for(spoken, stream=True)
            assert await connection.first_block()
            if manner == "abort":
                connection.abort()
        async with asyncio.timeout(LATEST):
            await upstream.disconnected(1)
        await served.idle()


async def test_a_silent_stream_is_kept_alive_and_still_read_by_the_sdk(harness, server, spoken):
    more = asyncio.Event()
    frames = spoken.frames(harness.text)
    mark = b"event: ping" if spoken.vendor == "anthropic" else b": keep-alive"
    reply = sse_reply([*frames[:2], Pause(more), *frames[2:]])
    async with harness.between(server, reply, keep_alive_seconds=0.02) as (served, _):
        received = bytearray()

        def on_body(data):
            received.extend(data)
            if received.count(mark) >= 3:
                more.set()

        answer = await served.answer(spoken, stream=True, on_body=on_body)
    assert answer.is_whole
    assert spoken.read(answer, stream=True) == harness.text
    kept = b"".join(
        one + b"\n\n" for one in bytes(answer.body).split(b"\n\n")[:-1] if not one.startswith(mark)
    )
    assert kept == b"".join(frames)


class Endless:
    """An upstream's steps for ever, counted, so that it shows how far the upstream has got."""

    def __init__(self, steps):
        self.steps = steps
        self.taken = 0

    def __iter__(self):
        first, more = self.steps[:-1], self.steps[-1]
        yield from first
        while True:
            self.taken += 1
            yield more


async def test_a_client_that_stalls_stalls_its_own_upstream(harness, server):
    spoken = harness.dialects["openai_chat"]
    filler = spoken.frames("x" * 100_000)[1]
    steps = Endless(list(sse_reply([spoken.frames("")[0], filler], end="cut").steps)[:-1])
    memory = psutil.Process().memory_info
    async with (
        asyncio.timeout(PATIENCE_SECS),
        harness.between(server, Reply(steps)) as (served, upstream),
    ):
        async with served.connection() as connection:
            connection.ask_for(spoken, stream=True)
            await connection.first_block()
            before = memory().rss
            connection.writer.transport.pause_reading()
            await harness.stalled(lambda: steps.taken)
            assert memory().rss - before < 30_000_000
            taken = steps.taken
            connection.writer.transport.resume_reading()
            async for _ in connection.events():
                if steps.taken > taken + 100:
                    break
            connection.writer.transport.pause_reading()
            await harness.stalled(lambda: steps.taken)
            connection.abort()
        async with asyncio.timeout(LATEST):
            await upstream.disconnected(1)
        await served.idle()


async def test_a_body_over_the_limit_is_refused_and_heard(harness, server, spoken, *, error_answer):
    async with harness.between(server, Reply([Reset()]), max_body_bytes=1000) as (served, upstream):
        async with asyncio.timeout(PATIENCE_SECS), served.connection() as connection:
            connection.ask("POST", spoken.path, b"x" * 1500)
            answer = await connection.answer()
        assert answer.status == 413
        assert "1000 bytes" in error_answer(spoken, answer)
        assert upstream.requests == []


@pytest.mark.parametrize("framing", ["declared", "crumbs"])
async def test_a_body_without_end_is_refused_and_leaves_nothing(
    harness, server, spoken, *, framing, possessions
):
    head = f"POST {spoken.path} HTTP/1.1\r\nhost: localhost\r\n".encode()
    if framing == "declared":
        head, piece = head + b"content-length: 1000000000000\r\n\r\n", b"x" * 65536
    else:
        head, piece = head + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 8000
    async with (
        asyncio.timeout(PATIENCE_SECS),
        harness.between(server, Reply([Reset()]), max_body_bytes=1000) as (served, upstream),
    ):
        before = possessions()
        async with served.connection() as connection, asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(send_for_ever(connection.writer, head + piece, piece))
            answer = await connection.answer()
            sending.cancel()
        # Who sends on and on may be cut off before the answer has been read.
        assert answer.status == 413 or not answer.is_whole
        await before.restored()
    assert upstream.requests == []


async def send_for_ever(writer, first, piece):
    """Send one request for as long as it is wanted."""
    writer.write(first)
    with suppress(ConnectionError):
        while True:
            await writer.drain()
            writer.write(piece)


async def test_a_client_that_asks_before_it_sends_is_told_to_go_on(harness, server, spoken):
    reply = json_reply(200, spoken.answer(harness.text))
    async with harness.between(server, reply) as (served, upstream):
        async with asyncio.timeout(PATIENCE_SECS), served.connection() as connection:
            body = spoken.body(stream=False)
            head = (
                f"POST {spoken.path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            connection.writer.write(head.encode())
            interim = await connection.reader.readuntil(b"\r\n\r\n")
            assert interim.startswith(b"HTTP/1.1 100 ")
            connection.writer.write(body)
            received = await connection.reader.read()
        assert received.startswith(b"HTTP/1.1 200 ")
        assert received.endswith(spoken.answer(harness.text))
        assert upstream.requests[0].header("expect") is None
        assert json.loads(upstream.requests[0].body) == json.loads(body)


async def test_a_forwarded_answer_that_breaks_off_never_looks_whole(harness, server):
    """No dialect could say so: the connection is cut instead."""
    reply = sse_reply([b"\x00" * 1000], headers=((b"content-type", b"audio/mpeg"),), end="cut")
    async with harness.between(server, reply) as (served, _):
        async with asyncio.timeout(PATIENCE_SECS), served.connection() as connection:
            connection.ask("POST", "/v1/audio/speech", b"{}")
            answer = await connection.answer()
        assert not answer.is_whole
        await served.idle()


async def test_what_the_first_client_left_behind_does_not_disturb_the_second(
    harness, server, spoken
):
    """One connection, one fault after the other, then a good answer."""
    replies = [
        sse_reply(spoken.frames("a")[:2], end="cut"),
        json_reply(500, spoken.busy),
        sse_reply(spoken.frames(harness.text)),
    ]
    answers = []
    async with (
        asyncio.timeout(PATIENCE_SECS),
        harness.between(server, replies) as (served, _),
        served.connection() as connection,
    ):
        for _ in replies:
            connection.ask_for(spoken, stream=True)
            answers.append(await connection.answer())
    assert all(answer.is_whole for answer in answers)
    assert answers[1].status == 500
    assert spoken.read(answers[2], stream=True) == harness.text
