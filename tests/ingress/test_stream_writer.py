import asyncio

import pytest

from lunaroute_ingress.stream_writer import StreamWriter

PING = b": ping\n\n"


class Client:
    """Takes what is sent, while `reading` is set."""

    def __init__(self):
        self.messages = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.waiting = 0
        self._arrived = asyncio.Condition()

    async def send(self, message):
        self.waiting += 1
        await self.reading.wait()
        self.waiting -= 1
        async with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    async def received(self, count):
        """Wait until that many messages have arrived, the head included."""
        async with asyncio.timeout(5), self._arrived:
            await self._arrived.wait_for(lambda: len(self.messages) >= count)

    @property
    def blocks(self):
        return [message["body"] for message in self.messages[1:]]


@pytest.fixture
def client():
    return Client()


@pytest.fixture
async def writer_of(client):
    writers = []

    def make(seconds):
        writers.append(
            StreamWriter(send=client.send, keep_alive=lambda: PING, keep_alive_seconds=seconds)
        )
        return writers[-1]

    yield make
    client.reading.set()
    for writer in writers:
        await writer.aclose()


async def test_a_stream_is_its_head_its_blocks_and_an_end(client, writer_of):
    writer = writer_of(None)
    assert not writer.started
    await writer.start(200, ((b"content-type", b"text/event-stream"),))
    assert writer.started
    await writer.write(b"data: 1\n\n")
    await writer.end()
    assert client.messages == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/event-stream")],
        },
        {"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True},
        {"type": "http.response.body", "body": b""},
    ]


async def test_a_stream_counts_as_started_before_its_head_is_through(client, writer_of):
    """Whatever goes wrong then can no longer be told with a status."""
    writer = writer_of(None)
    client.reading.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.start(200, ()))
        await asyncio.sleep(0)
        assert writer.started
        client.reading.set()


async def test_silence_is_filled_with_keep_alives_again_and_again(client, writer_of):
    await writer_of(0.01).start(200, ())
    await client.received(4)
    assert client.blocks[:3] == [PING] * 3
    assert all(message["more_body"] for message in client.messages[1:])


async def test_without_an_interval_there_is_no_timer(client, writer_of):
    writer = writer_of(None)
    await writer.start(200, ())
    assert writer._timer is None


async def test_before_the_head_nothing_is_sent(client, writer_of):
    writer = writer_of(0.001)
    assert writer._timer is None
    assert client.messages == []


async def test_each_block_begins_the_interval_anew(client, writer_of):
    writer = writer_of(0.05)
    loop = asyncio.get_running_loop()
    await writer.start(200, ())
    # Written to all the time, for longer than an interval.
    until = loop.time() + 0.2
    while loop.time() < until:
        await writer.write(b"data: 1\n\n")
        await asyncio.sleep(0)
    assert PING not in client.blocks
    silent = loop.time()
    count = len(client.messages)
    await client.received(count + 1)
    assert client.blocks[-1] == PING
    assert loop.time() - silent >= 0.04


async def test_a_slow_write_is_not_interrupted(client, writer_of, for_some_time):
    writer = writer_of(0.01)
    await writer.start(200, ())
    client.reading.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.write(b"data: 1\n\n"))
        await for_some_time(0.05)
        assert client.waiting == 1
        client.reading.set()
    assert client.blocks[0] == b"data: 1\n\n"


async def test_a_block_waits_for_a_keep_alive_that_is_on_its_way(client, writer_of, eventually):
    writer = writer_of(0.01)
    await writer.start(200, ())
    client.reading.clear()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        await eventually(lambda: client.waiting)
        writing = group.create_task(writer.write(b"data: 1\n\n"))
        await asyncio.sleep(0)
        assert not writing.done()
        assert client.waiting == 1
        client.reading.set()
    assert client.blocks[:2] == [PING, b"data: 1\n\n"]


async def test_keep_alives_do_not_pile_up_before_a_client_that_does_not_read(
    client, writer_of, for_some_time
):
    writer = writer_of(0.01)
    await writer.start(200, ())
    client.reading.clear()
    await for_some_time(0.1)
    assert client.waiting == 1


async def test_a_closed_writer_leaves_no_task_and_no_timer(client, writer_of, eventually):
    writer = writer_of(0.01)
    await writer.start(200, ())
    client.reading.clear()
    await eventually(lambda: client.waiting)
    await writer.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert writer._timer.cancelled()


async def test_a_stream_whose_end_is_on_its_way_has_ended(client, writer_of):
    writer = writer_of(None)
    await writer.start(200, ())
    assert not writer.ended
    client.reading.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.end())
        await asyncio.sleep(0)
        assert writer.ended
        client.reading.set()
