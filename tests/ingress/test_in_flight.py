import asyncio

import pytest

from lunaroute_core import ErrorKind
from lunaroute_ingress.in_flight import InFlight, OverloadedError, ShuttingDownError


@pytest.fixture
def in_flight():
    seats = InFlight(limit=2, patience=0.01)
    yield seats
    seats.close()


def unwatched():
    raise AssertionError("nobody asked for this seat to be watched")


class TestSeats:
    async def test_they_are_counted_until_they_are_left(self, in_flight):
        seat = in_flight.take(unwatched)
        assert len(in_flight) == 1
        in_flight.leave(seat)
        assert len(in_flight) == 0

    async def test_past_the_limit_the_client_is_told_to_come_back(self, in_flight):
        first = in_flight.take(unwatched)
        in_flight.take(unwatched)
        with pytest.raises(OverloadedError) as caught:
            in_flight.take(unwatched)
        assert caught.value.details.kind is ErrorKind.OVERLOADED
        assert caught.value.details.retry_after == 1.0
        assert len(in_flight) == 2
        in_flight.leave(first)
        in_flight.take(unwatched)

    async def test_only_tasks_can_take_one(self, in_flight):
        failures = []

        def outside():
            try:
                in_flight.take(unwatched)
            except RuntimeError as error:
                failures.append(error)
            done.set()

        done = asyncio.Event()
        asyncio.get_running_loop().call_soon(outside)
        await done.wait()
        assert len(failures) == 1


class TestPatience:
    async def test_a_seat_is_watched_once_when_it_was_held_for_long(self, in_flight):
        watched = asyncio.Event()
        times = []

        def watch():
            times.append(asyncio.get_running_loop().time())
            watched.set()

        begun = asyncio.get_running_loop().time()
        in_flight.take(watch)
        await asyncio.wait_for(watched.wait(), 5)
        assert times[0] - begun >= in_flight.patience * 0.9
        later = asyncio.Event()
        in_flight.take(later.set)
        await asyncio.wait_for(later.wait(), 5)
        assert len(times) == 1

    async def test_a_seat_left_before_is_not(self, in_flight, eventually):
        watched = []
        short = in_flight.take(lambda: watched.append("short"))
        await eventually(lambda: short in in_flight._old)
        in_flight.leave(short)
        in_flight.take(lambda: watched.append("long"))
        await eventually(lambda: watched)
        assert watched == ["long"]

    async def test_no_timer_runs_while_nobody_is_served(self, in_flight, eventually):
        watched = asyncio.Event()
        seat = in_flight.take(watched.set)
        await asyncio.wait_for(watched.wait(), 5)
        in_flight.leave(seat)
        await eventually(lambda: in_flight._tick is None)


class TestDrain:
    async def test_the_deadline_ends_what_is_still_answered_and_takes_no_more(self, in_flight):
        seat = None

        async def answering():
            nonlocal seat
            seat = in_flight.take(unwatched)
            await asyncio.Event().wait()

        async with asyncio.TaskGroup() as group:
            task = group.create_task(answering())
            await asyncio.sleep(0)
            in_flight.begin_drain(after=0)
            await asyncio.wait({task})
        assert task.cancelled()
        assert isinstance(seat.reason, ShuttingDownError)
        with pytest.raises(ShuttingDownError) as caught:
            in_flight.take(unwatched)
        assert caught.value.details.retry_after == 1.0

    async def test_before_the_deadline_requests_are_taken_on(self, in_flight):
        assert not in_flight.draining
        in_flight.begin_drain(after=60)
        assert in_flight.draining
        in_flight.take(unwatched)

    async def test_a_later_call_brings_the_moment_forward(self, in_flight):
        in_flight.begin_drain(after=60)
        in_flight.begin_drain(after=0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(ShuttingDownError):
            in_flight.take(unwatched)

    async def test_the_latest_call_counts(self, in_flight):
        in_flight.begin_drain(after=0)
        in_flight.begin_drain(after=60)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        in_flight.take(unwatched)

    async def test_a_closed_one_has_no_timers_left(self, in_flight):
        in_flight.take(unwatched)
        in_flight.begin_drain(after=0)
        in_flight.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        in_flight.take(unwatched)


class TestAborting:
    async def test_the_first_reason_counts(self, in_flight):
        seat = in_flight.take(unwatched)
        first = ValueError("first")
        seat.abort(first)
        seat.abort(ValueError("second"))
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)
        assert seat.reason is first
        assert seat.task.uncancel() == 0

    async def test_a_seat_that_was_left_is_not_disturbed(self, in_flight):
        seat = in_flight.take(unwatched)
        in_flight.leave(seat)
        seat.abort(ValueError("late"))
        await asyncio.sleep(0)
        assert seat.reason is None
