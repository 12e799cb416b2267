"""Two processes, each with clocks and states of its own, on one store."""

import asyncio

import msgspec
import pytest
from structlog.testing import capture_logs

from lunaroute_core import StateStoreError
from lunaroute_core.retry_after import MAX_RETRY_AFTER
from lunaroute_core.testing import FakeClock
from lunaroute_routing.provider_states import ProviderStates
from lunaroute_routing.settings import CooldownSettings, RoutingSettings
from lunaroute_routing.shared_cooldowns import KEY, MAX_SHARED, SharedCooldowns
from lunaroute_storage import MemoryStateStore, SqliteStateStore

NOW = 1_800_000_000.0
SETTINGS = RoutingSettings()


class Process:
    def __init__(self, wall, store, *, booted, **changes):
        self.monotonic = lambda: wall() - booted
        self.states = ProviderStates(clock=self.monotonic)
        self.sharing = SharedCooldowns(states=self.states, store=store, clock=wall, **changes)

    def cooldowns(self, provider="a", settings=SETTINGS):
        return self.states.of(provider, settings).cooldowns

    def cool(self, model, seconds, provider="a"):
        return self.cooldowns(provider).cool(model, seconds, started=self.monotonic())

    def remaining(self, model="m", provider="a"):
        return pytest.approx(self.cooldowns(provider).remaining(model), abs=1e-3)


class CountingStore:
    def __init__(self, store):
        self.get, self.store, self.written = store.get, store, 0

    async def set(self, key, value, *, ttl=None):
        self.written += 1
        await self.store.set(key, value, ttl=ttl)


class BrokenStore:
    """A store that does what `answer` does, whatever it is asked."""

    def __init__(self, answer):
        self.answer = answer

    async def get(self, key):
        return await self.answer()

    async def set(self, key, value, *, ttl=None):
        await self.answer()


async def never():
    await asyncio.Event().wait()


async def refuse():
    raise StateStoreError("the store is locked")


async def misbehave():
    raise LookupError


@pytest.fixture
def wall():
    return FakeClock(now=NOW)


@pytest.fixture(params=["memory", "sqlite"])
async def stores(request, tmp_path, wall):
    """What two processes have opened: the same object in memory, or the same file."""
    if request.param == "memory":
        opened = MemoryStateStore(clock=wall)
        yield opened, opened
        return
    path = tmp_path / "state.db"
    async with (
        SqliteStateStore(path=path, clock=wall) as first,
        SqliteStateStore(path=path, clock=wall) as second,
    ):
        yield first, second


@pytest.fixture
def store(stores):
    return stores[0]


@pytest.fixture
def memory(wall):
    return MemoryStateStore(clock=wall)


@pytest.fixture
def pair(wall, stores):
    first = Process(wall, stores[0], booted=NOW - 5)
    second = Process(wall, stores[1], booted=NOW - 86_400)
    for process in (first, second):
        for provider in ("a", "b"):
            process.cooldowns(provider)
    return first, second


async def exchange(*processes):
    for process in processes:
        await process.sharing.exchange()


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_one_finds_out_the_other_learns_to_the_second(wall, pair):
    first, second = pair
    first.cool("m", 30.0)
    wall.advance(1.0)
    await exchange(first, second)
    assert second.remaining() == 29
    assert second.remaining("other") == 0
    assert second.remaining(provider="b") == 0
    wall.advance(29.0)
    assert second.remaining() == 0
    await exchange(first, second)
    assert (first.remaining(), second.remaining()) == (0, 0)


async def test_an_account_is_shared_as_such(pair):
    first, second = pair
    first.cool(None, 30.0)
    await exchange(first, second)
    assert second.remaining("whatever") == 30


async def test_the_longer_one_counts_in_both(pair):
    first, second = pair
    first.cool("m", 30.0)
    second.cool("m", 50.0)
    await exchange(first, second, first)
    assert (first.remaining(), second.remaining()) == (50, 50)


async def test_both_tell_what_they_know(pair):
    first, second = pair
    first.cool("m", 30.0)
    second.cool("n", 50.0)
    second.cool(None, 10.0, provider="b")
    await exchange(first, second, first)
    for process in pair:
        assert (process.remaining("m"), process.remaining("n")) == (30, 50)
        assert process.remaining(provider="b") == 10


async def test_is_told_again_when_another_has_overwritten_it(store, pair):
    first, second = pair
    first.cool("m", 30.0)
    await exchange(first)
    await store.set(KEY, b"[]")
    await exchange(first, second)
    assert second.remaining() == 30


async def test_telling_back_and_forth_makes_nothing_longer(wall, pair):
    first, second = pair
    first.cool("m", 1000.0)
    for _ in range(90):
        await exchange(first, second)
        wall.advance(10.1)
    assert second.remaining() == 91
    assert first.remaining() == 91


async def test_what_all_know_is_not_written_again(wall, memory):
    """Clocks are read at different moments, and seconds are added to them and taken away."""
    store = CountingStore(memory)
    pair = [Process(wall, store, booted=booted) for booted in (NOW / 7, NOW / 3)]
    for number, process in enumerate(pair):
        process.cooldowns()
        process.cool(f"m{number}", 1000 / 3)
    for _ in range(200):
        await exchange(*pair)
        wall.advance(1.1)
    assert store.written == 2


async def test_what_this_process_does_not_know_stays_written(wall, memory):
    first, second = (Process(wall, memory, booted=NOW) for _ in range(2))
    first.cool("m", 30.0)
    second.cool("m", 50.0, provider="b")
    await exchange(first, second)
    entries = msgspec.json.decode(await memory.get(KEY))
    assert [entry["provider"] for entry in entries] == ["b", "a"]


async def test_a_repetition_moves_no_beginning(wall, pair):
    """An attempt that was begun while it rested counts as one made in spite of it."""
    first, second = pair
    first.cool("m", 30.0)
    await exchange(first, second)
    wall.advance(1.0)
    await exchange(first, second)
    started = second.monotonic()
    wall.advance(1.0)
    await exchange(first, second)
    assert second.cooldowns().cool("m", None, started=started) == 60


async def test_learning_escalates_nothing(wall, pair):
    first, second = pair
    first.cool("m", None)
    for _ in range(5):
        await exchange(first, second)
        wall.advance(12.0)
    assert second.cool("m", None) == 120


async def test_a_state_of_other_settings_learns_too(pair):
    first, second = pair
    other = RoutingSettings(cooldown=CooldownSettings(max_secs=1.0))
    first.cool("m", 30.0)
    second.cooldowns("a", other)
    await exchange(first, second)
    assert second.cooldowns("a", other).remaining("m") == pytest.approx(30, abs=1e-3)


async def test_of_two_states_the_longer_one_is_told(pair):
    first, second = pair
    other = RoutingSettings(cooldown=CooldownSettings(max_secs=1.0))
    first.cool("m", 30.0)
    first.cooldowns("a", other).cool("m", 10.0, started=first.monotonic())
    await exchange(first, second)
    assert second.remaining() == 30


async def test_nothing_is_kept_longer_than_it_lasts(wall, store, pair):
    first, _ = pair
    first.cool("m", 30.0)
    first.cool("n", 40.0)
    await exchange(first)
    assert await store.get(KEY) is not None
    wall.advance(40.1)
    assert await store.get(KEY) is None


async def test_what_is_over_is_written_no_more(wall, memory):
    process = Process(wall, memory, booted=NOW)
    process.cool("m", 30.0)
    process.cool("n", 90.0)
    await exchange(process)
    wall.advance(31.0)
    process.cool("o", 30.0)
    await exchange(process)
    assert [entry["model"] for entry in msgspec.json.decode(await memory.get(KEY))] == ["n", "o"]


async def test_of_very_many_the_longest_are_shared(wall, memory):
    process = Process(wall, memory, booted=NOW)
    for number in range(MAX_SHARED):
        process.cool(f"m{number}", 100.0 + number)
    process.cool("x", 5000.0, provider="b")
    await exchange(process)
    entries = msgspec.json.decode(await memory.get(KEY))
    assert len(entries) == MAX_SHARED
    models = {entry["model"] for entry in entries}
    assert {"x", "m999", "m1"} <= models
    assert "m0" not in models


@pytest.mark.parametrize("ahead", [3.0 * MAX_RETRY_AFTER, 1e12])
async def test_a_clock_that_is_wrong_is_not_believed(wall, memory, ahead):
    await memory.set(
        KEY, msgspec.json.encode([{"provider": "a", "model": "m", "until": NOW + ahead}])
    )
    process = Process(wall, memory, booted=NOW)
    process.cooldowns()
    await exchange(process)
    assert process.remaining() == 0


@pytest.mark.parametrize("written", [b"", b"{", b'{"a":1}', b'[{"provider":1}]', b"\xff"])
async def test_what_cannot_be_read_is_said_and_written_anew(wall, memory, written):
    await memory.set(KEY, written)
    first, second = (Process(wall, memory, booted=NOW) for _ in range(2))
    first.cool("m", 30.0)
    second.cooldowns()
    with capture_logs() as logs:
        await exchange(first, second)
    assert [entry["event"] for entry in logs] == ["shared cool-downs unreadable"]
    assert second.remaining() == 30


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refuse, "the store is locked"),
        (never, "the store did not answer within 0.01 s"),
        (misbehave, "LookupError"),
    ],
)
async def test_a_failing_store_costs_the_sharing_and_is_said_once(wall, memory, answer, reason):
    store = BrokenStore(answer)
    process = Process(wall, store, booted=NOW, patience=0.01)
    process.cool("m", 30.0)
    with capture_logs() as logs:
        await exchange(process, process, process)
        process.sharing.store = memory
        await exchange(process, process)
    assert [(entry["log_level"], entry["event"], entry.get("reason")) for entry in logs] == [
        ("warning", "cool-downs not shared", reason),
        ("info", "cool-downs shared again", None),
    ]
    assert process.remaining() == 30
    assert await memory.get(KEY) is not None


async def test_the_task_exchanges_at_once_and_then_at_intervals(wall, memory):
    first = Process(wall, memory, booted=NOW, sleep=wall.sleep, interval=2.0)
    second = Process(wall, memory, booted=NOW, sleep=wall.sleep, interval=2.0)
    first.cool("m", 30.0)
    second.cooldowns()
    async with first.sharing, second.sharing:
        await settle()
        assert second.remaining() == 30
        first.cool("m", 40.0)
        wall.advance(1.5)
        await settle()
        assert second.remaining() == 28.5
        for _ in range(2):
            wall.advance(2.0)
            await settle()
        assert second.remaining() == 34.5
    assert set(wall.slept) == {2.0}


async def test_the_task_goes_on_after_a_failure(wall, memory):
    process = Process(wall, BrokenStore(misbehave), booted=NOW, sleep=wall.sleep)
    process.cool("m", 30.0)
    with capture_logs():
        async with process.sharing:
            await settle()
            process.sharing.store = memory
            wall.advance(1.0)
            await settle()
    assert await memory.get(KEY) is not None


async def test_leaving_ends_the_task_even_while_the_store_hangs(wall, memory):
    before = asyncio.all_tasks()
    for store in (memory, BrokenStore(never)):
        async with Process(wall, store, booted=NOW, sleep=wall.sleep).sharing:
            await settle()
            assert len(asyncio.all_tasks()) == len(before) + 1
        assert asyncio.all_tasks() == before


async def test_a_request_never_waits_for_the_store(wall):
    process = Process(wall, BrokenStore(never), booted=NOW, sleep=wall.sleep)
    async with process.sharing:
        await settle()
        process.cool("m", 30.0)
        assert process.remaining() == 30
