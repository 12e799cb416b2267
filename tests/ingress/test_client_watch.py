import asyncio

import pytest

from lunaroute_ingress.client_watch import ClientWatch
from lunaroute_ingress.in_flight import InFlight, OverloadedError, ShuttingDownError
from lunaroute_ingress.request_body import ClientGoneError


@pytest.fixture
def in_flight():
    seats = InFlight(limit=1, patience=0.01)
    yield seats
    seats.close()


@pytest.fixture
def client():
    """A client that stays until `client.set()`."""
    return asyncio.Event()


@pytest.fixture
def watch(in_flight, client):
    async def receive():
        await client.wait()
        return {"type": "http.disconnect"}

    return ClientWatch(receive=receive, in_flight=in_flight)


async def for_ever():
    await asyncio.wait_for(asyncio.Event().wait(), 10)


async def test_work_that_is_done_leaves_its_seat_and_no_task(watch, in_flight):
    async with watch:
        assert len(in_flight) == 1
    assert len(in_flight) == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_work_for_a_client_that_left_is_cancelled(watch, client):
    client.set()
    with pytest.raises(ClientGoneError):
        async with watch:
            await for_ever()
    assert asyncio.current_task().cancelling() == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_messages_that_are_no_farewell_are_passed_over(in_flight, client):
    messages = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]

    async def receive():
        return messages.pop(0)

    with pytest.raises(ClientGoneError):
        async with ClientWatch(receive=receive, in_flight=in_flight):
            await for_ever()
    assert messages == []


async def test_a_watched_client_that_stays_is_left_in_peace(watch, in_flight, eventually):
    async with watch:
        await eventually(lambda: watch._watcher is not None)
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_the_work_raises_goes_through(watch, in_flight):
    with pytest.raises(KeyError):
        async with watch:
            raise KeyError
    assert len(in_flight) == 0


async def test_the_reason_replaces_whatever_the_work_made_of_the_cancellation(watch, client):
    client.set()

    async def work():
        async with watch:
            try:
                await for_ever()
            except asyncio.CancelledError:
                raise KeyError from None

    with pytest.raises(ClientGoneError):
        await work()


async def test_a_cancellation_that_was_not_delivered_is_taken_back(watch, in_flight):
    with pytest.raises(ClientGoneError):
        async with watch:
            watch._seat.abort(ClientGoneError())
    await asyncio.sleep(0)
    assert asyncio.current_task().cancelling() == 0


async def test_a_cancellation_from_outside_stays_one(watch, in_flight):
    async def work():
        async with watch:
            await for_ever()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled()
    assert len(in_flight) == 0


async def test_a_drain_ends_the_work_with_its_own_reason(watch, in_flight):
    in_flight.begin_drain(after=0)
    with pytest.raises(ShuttingDownError):
        async with watch:
            await for_ever()


async def test_without_a_seat_the_work_does_not_begin(watch, in_flight, client):
    async with watch:
        with pytest.raises(OverloadedError):
            await ClientWatch(receive=watch.receive, in_flight=in_flight).__aenter__()
