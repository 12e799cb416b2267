import asyncio

from lunaroute_core.testing import FakeClock


def test_stands_still_until_it_is_advanced():
    clock = FakeClock(now=100.0)
    assert clock() == clock() == 100.0
    clock.advance(2.5)
    assert clock() == 102.5


async def test_wakes_sleepers_when_their_time_has_come():
    clock = FakeClock()
    woken = []

    async def sleep(seconds):
        await clock.sleep(seconds)
        woken.append((seconds, clock()))

    async def let_others_run():
        for _ in range(3):
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for seconds in (2, 1, 5):
            group.create_task(sleep(seconds))
        await let_others_run()
        clock.advance(2)
        await let_others_run()
        assert sorted(woken) == [(1, 2), (2, 2)]
        clock.advance(3)
    assert woken[2:] == [(5, 5)]
    assert clock.slept == [2, 1, 5]


async def test_no_sleep_at_all_does_not_wait():
    await FakeClock().sleep(0)


async def test_jumps_by_itself_when_told_to():
    clock = FakeClock(autojump=True)
    await clock.sleep(3600)
    assert clock() == 3600
