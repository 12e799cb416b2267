import asyncio

import pytest

from lunaroute_core.pending_read import PendingRead


class Source:
    """Gives what is put in."""

    def __init__(self):
        self.results = asyncio.Queue()
        self.reads = 0
        self.cancelled = 0

    async def read(self):
        self.reads += 1
        try:
            result = await self.results.get()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture
def source():
    return Source()


@pytest.fixture
async def pending():
    pending = PendingRead()
    yield pending
    await pending.aclose()


def now():
    return asyncio.get_running_loop().time()


async def test_a_read_that_takes_too_long_goes_on(source, pending):
    assert not await pending.begin(source.read, until=now())
    assert pending
    source.results.put_nowait("a")
    assert await pending.begin(source.read, until=now() + 60)
    assert await pending.take() == "a"
    assert (source.reads, source.cancelled) == (1, 0)
    assert not pending


async def test_its_result_can_be_taken_while_it_is_awaited(source, pending):
    await pending.begin(source.read, until=now())
    source.results.put_nowait("a")
    assert await pending.take() == "a"


async def test_an_error_is_raised_to_whoever_takes_the_result(source, pending):
    source.results.put_nowait(KeyError("gone"))
    assert await pending.begin(source.read, until=now() + 60)
    with pytest.raises(KeyError):
        await pending.take()
    assert not pending


async def test_closing_cancels_it(source, pending):
    before = asyncio.all_tasks()
    await pending.begin(source.read, until=now())
    await pending.aclose()
    assert source.cancelled == 1
    assert asyncio.all_tasks() == before
    await pending.aclose()


async def test_an_error_that_nobody_took_is_not_reported_as_forgotten(source, pending):
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: reported.append(told))
    source.results.put_nowait(KeyError("gone"))
    await pending.begin(source.read, until=now() + 60)
    await pending.aclose()
    assert not reported


async def test_whoever_is_cancelled_while_taking_takes_the_read_along(source, pending):
    await pending.begin(source.read, until=now())
    async with asyncio.TaskGroup() as tasks:
        taking = tasks.create_task(pending.take())
        await asyncio.sleep(0)
        taking.cancel()
    assert source.cancelled == 1


async def test_there_is_nothing_to_take_where_nothing_was_begun(pending):
    with pytest.raises(RuntimeError):
        await pending.take()


async def test_closing_is_finished_although_it_is_cancelled(pending):
    """A generator that still runs cannot be closed."""
    ended = asyncio.Event()

    async def read():
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            ended.set()

    await pending.begin(read, until=now())
    async with asyncio.TaskGroup() as tasks:
        closing = tasks.create_task(pending.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.sleep(0)
        closing.cancel()
    assert closing.cancelled()
    assert ended.is_set()
