import asyncio
import os
import signal
import sqlite3
import threading
from contextlib import closing

import pytest

from lunaroute_core import ConfigurationError, StateStoreError
from lunaroute_core.testing import FakeClock, check_state_store
from lunaroute_storage import SqliteStateStore, StateBounds

INCREMENT = """
import asyncio, sys
from pathlib import Path
from lunaroute_storage import SqliteStateStore

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    async with SqliteStateStore(path=Path(sys.argv[1])) as store:
        for _ in range(int(sys.argv[2])):
            print(await store.increment("counter"))

asyncio.run(main())
"""

WRITE_UNTIL_KILLED = """
import asyncio, itertools, sys
from pathlib import Path
from lunaroute_storage import SqliteStateStore

async def main():
    async with SqliteStateStore(path=Path(sys.argv[1])) as store:
        for number in itertools.count():
            await store.set(f"key {number}", b"%d" % number * 500)
            print(number, flush=True)

asyncio.run(main())
"""

FILL_THE_DISK = """
import asyncio, resource, sys
from pathlib import Path
from lunaroute_core import StateStoreError
from lunaroute_storage import SqliteStateStore

async def main():
    async with SqliteStateStore(path=Path(sys.argv[1])) as store:
        await store.set("before", b"kept")
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        try:
            await store.set("large", bytes(1_000_000))
        except StateStoreError as error:
            print(error)
        print(await store.get("before"), await store.get("large"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        await store.set("large", bytes(1_000_000))
        print(len(await store.get("large")))

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


def workers():
    return [thread for thread in threading.enumerate() if "lunaroute-state" in thread.name]


def assert_closed(path):
    """The thread ends, and the last connection took the journal with it."""
    for thread in workers():
        thread.join(10)
    assert workers() == []
    assert [found.name for found in path.parent.iterdir()] == [path.name]


async def test_it_is_a_state_store(path):
    clock = FakeClock(autojump=True)

    def open_store(shared=None):
        return SqliteStateStore(path=path, clock=clock)

    await check_state_store(open_store, sleep=clock.sleep, ttl=60, share=open_store)


async def test_what_was_set_is_there_after_closing(path):
    clock = FakeClock()
    async with SqliteStateStore(path=path, clock=clock) as store:
        await store.set("kept", b"value", ttl=60)
        await store.increment("counter", 41)
    assert_closed(path)
    async with SqliteStateStore(path=path, clock=clock) as store:
        assert await store.get("kept") == b"value"
        assert await store.increment("counter") == 42
        clock.advance(60)
        assert await store.get("kept") is None


async def test_a_store_has_bounds(path):
    bounds = StateBounds(max_entries=2, max_bytes=1000)
    async with SqliteStateStore(path=path, bounds=bounds) as store:
        for key in ("a", "b", "c"):
            await store.set(key, b"")
        assert await store.count() == 2
        assert await store.get("a") is None


def test_processes_that_share_a_counter_lose_no_increment(path, run_at_once):
    """Nor do they get in each other's way while the file is being made."""
    outputs = run_at_once(INCREMENT, path, 100, count=4)
    counted = [int(line) for output in outputs for line in output]
    assert sorted(counted) == list(range(1, 401))
    for output in outputs:
        assert output == sorted(output, key=int)


async def test_what_was_set_outlives_the_death_of_the_process(path, start_process):
    process = start_process(WRITE_UNTIL_KILLED, path)
    acknowledged = [int(process.stdout.readline()) for _ in range(200)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += map(int, process.stdout.read().split())
    async with SqliteStateStore(path=path) as store:
        for number in acknowledged:
            assert await store.get(f"key {number}") == b"%d" % number * 500
        await store.set("after", b"")
        # The one that was being written may be there, whole, or not.
        assert 0 <= await store.count() - len(acknowledged) - 1 <= 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_full_disk_is_told_and_got_over(path, start_process):
    output, _ = start_process(FILL_THE_DISK, path).communicate(timeout=30)
    failure, kept, stored = output.splitlines()
    assert failure in {
        f"{path}: the disk is full",
        f"{path}: the database cannot be used: disk I/O error",
    }
    assert kept == "b'kept' None"
    assert stored == "1000000"


async def test_waiting_for_a_lock_holds_nobody_else_up(path):
    async with SqliteStateStore(path=path) as store, asyncio.TaskGroup() as group:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = group.create_task(store.set("a", b"value"))
            await asyncio.sleep(0)
            # Nobody would come here if the wait were the event loop's.
            assert not waiting.done()
            other.execute("COMMIT")
        await waiting
        assert await store.get("a") == b"value"


async def test_a_lock_that_is_kept_too_long_is_an_error_that_names_the_file(path):
    async with SqliteStateStore(path=path, busy_timeout=0.01) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StateStoreError, match=f"{path}: another process keeps"):
                await store.set("a", b"value")
            assert await store.get("a") is None
        await store.set("a", b"value")


async def test_calls_that_wait_for_their_turn_fail_together(path):
    """Each waiting for the lock in turn would take as long as all of them together."""
    clock = FakeClock()
    store = SqliteStateStore(path=path, busy_timeout=0.2, monotonic=clock)
    async with store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with asyncio.TaskGroup() as group:
                calls = [group.create_task(outcome(store.set("a", b""))) for _ in range(20)]
                await asyncio.sleep(0)
                clock.advance(0.3)
        outcomes = [call.result() for call in calls]
        assert all("the call waited for more than 0.2 s" in found for found in outcomes[1:])
        await store.set("a", b"")


async def outcome(call):
    try:
        return await call
    except StateStoreError as error:
        return str(error)


async def test_damage_is_an_error_that_names_the_file(path):
    async with SqliteStateStore(path=path) as store:
        for number in range(100):
            await store.set(f"key {number}", bytes(1000))
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    with pytest.raises((StateStoreError, ConfigurationError), match=f"{path}: .*damaged"):
        await read_values(path)
    assert_closed(path)


async def read_values(path):
    async with SqliteStateStore(path=path) as store:
        for number in range(100):
            await store.get(f"key {number}")


async def test_a_store_that_is_not_open_says_so(path):
    store = SqliteStateStore(path=path)
    with pytest.raises(StateStoreError, match=f"{path}: the store is not open"):
        await store.get("a")
    async with store:
        await store.set("a", b"value")
    with pytest.raises(StateStoreError, match="the store is not open"):
        await store.get("a")
    async with store:
        assert await store.get("a") == b"value"


async def test_closing_twice_does_nothing(path):
    async with SqliteStateStore(path=path) as store:
        await store.aclose()
    await store.aclose()
    assert_closed(path)


async def test_closing_finishes_the_calls_in_progress(path):
    async with SqliteStateStore(path=path) as store, asyncio.TaskGroup() as group:
        calls = [group.create_task(store.increment("a")) for _ in range(20)]
        await asyncio.sleep(0)
        await store.aclose()
    assert [call.result() for call in calls] == list(range(1, 21))


async def test_a_file_that_cannot_be_opened_leaves_nothing_behind(path):
    path.write_text("My novel.\n" * 100)
    with pytest.raises(ConfigurationError, match="no database"):
        async with SqliteStateStore(path=path):
            pass
    assert_closed(path)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_a_cancelled_opening_leaves_nothing_behind(path, turns):
    async with SqliteStateStore(path=path):
        pass

    async def open_it():
        async with SqliteStateStore(path=path):
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(open_it())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
    assert_closed(path)
