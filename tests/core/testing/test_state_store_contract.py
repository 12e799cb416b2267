"""The contract passes a good store, and catches one that breaks each of its rules."""

import asyncio
from contextlib import asynccontextmanager, nullcontext, suppress

import pytest

from lunaroute_core import StateStoreError
from lunaroute_core.testing import FakeClock, StateStoreContractError, check_state_store

CLOCK = FakeClock(autojump=True)


class DictStore:
    """As plain as a store can be."""

    def __init__(self):
        self.items = {}

    def key_of(self, key):
        return key

    def live(self, key):
        value, end = self.items.get(self.key_of(key), (None, None))
        return (None, None) if end is not None and CLOCK() >= end else (value, end)

    def end(self, ttl):
        if ttl is not None and ttl <= 0:
            raise ValueError(ttl)
        return None if ttl is None else CLOCK() + ttl

    async def get(self, key):
        await asyncio.sleep(0)
        return self.live(key)[0]

    async def set(self, key, value, *, ttl=None):
        await asyncio.sleep(0)
        self.items[self.key_of(key)] = (value, self.end(ttl))

    async def delete(self, key):
        await asyncio.sleep(0)
        existed = self.live(key)[0] is not None
        self.items.pop(self.key_of(key), None)
        return existed

    async def increment(self, key, amount=1, *, ttl=None):
        await asyncio.sleep(0)
        end = self.end(ttl)
        value, kept = self.live(key)
        if value is not None and not value.lstrip(b"-").isdigit():
            raise StateStoreError("no number")
        total = int(value or 0) + amount
        self.items[self.key_of(key)] = (b"%d" % total, end if value is None else kept)
        return total


async def check(store, **options):
    options.setdefault("share", nullcontext)
    await check_state_store(lambda: nullcontext(store), sleep=CLOCK.sleep, ttl=60, **options)


async def test_a_good_store_passes():
    await check(DictStore())


async def test_a_store_may_hold_something_already_and_be_checked_again():
    store = DictStore()
    await store.set("mine", b"value")
    await check(store)
    await check(store)
    assert await store.get("mine") == b"value"


async def test_a_store_that_lives_in_real_time_passes():
    class RealTime(DictStore):
        def live(self, key):
            value, end = self.items.get(key, (None, None))
            now = asyncio.get_running_loop().time()
            return (None, None) if end is not None and now >= end else (value, end)

        def end(self, ttl):
            super().end(ttl)
            return None if ttl is None else asyncio.get_running_loop().time() + ttl

    await check_state_store(lambda: nullcontext(RealTime()), ttl=0.1)


class NoIncrement:
    async def get(self, key): ...

    async def set(self, key, value, *, ttl=None): ...

    async def delete(self, key): ...


class InventsValues(DictStore):
    async def get(self, key):
        return await super().get(key) or b"default"


class ReturnsText(DictStore):
    async def get(self, key):
        value = await super().get(key)
        return value and value.decode("latin-1")


class EmptyIsNothing(DictStore):
    async def get(self, key):
        return await super().get(key) or None


class IgnoresCase(DictStore):
    def key_of(self, key):
        return key.lower()


class StripsNames(DictStore):
    def key_of(self, key):
        return key.strip()


class CutsNames(DictStore):
    def key_of(self, key):
        return key.split("\x00")[0]


class AlwaysDeletes(DictStore):
    async def delete(self, key):
        await super().delete(key)
        return True


class DeletesNothing(DictStore):
    async def delete(self, key):
        return self.live(key)[0] is not None


class SaysNothingOfDeletion(DictStore):
    async def delete(self, key):
        await super().delete(key)


class KeepsCounters(DictStore):
    async def delete(self, key):
        value = self.live(key)[0]
        if value is not None and value.isdigit():
            return True
        return await super().delete(key)


class ForgetsAtOnce(DictStore):
    async def set(self, key, value, *, ttl=None):
        await super().set(key, value, ttl=ttl and ttl / 4)


class NeverForgets(DictStore):
    async def set(self, key, value, *, ttl=None):
        self.end(ttl)
        await super().set(key, value)


class DeletesTheExpired(DictStore):
    async def delete(self, key):
        existed = key in self.items
        await super().delete(key)
        return existed


class KeepsTheFirstTtl(DictStore):
    async def set(self, key, value, *, ttl=None):
        end = self.live(key)[1]
        await super().set(key, value, ttl=ttl)
        if end is not None and ttl is not None:
            self.items[key] = (value, end)


class KeepsTheTtlWithoutOne(DictStore):
    async def set(self, key, value, *, ttl=None):
        end = self.live(key)[1]
        await super().set(key, value, ttl=ttl)
        if ttl is None:
            self.items[key] = (value, end)


class ReturnsWhatWasThere(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        return await super().increment(key, amount, ttl=ttl) - amount


class CountsInThirtyTwoBits(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        return await super().increment(key, amount % 2**32 if amount > 0 else amount, ttl=ttl)


class CountersLiveForEver(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        self.end(ttl)
        return await super().increment(key, amount)


class CountersAreRenewed(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        total = await super().increment(key, amount, ttl=ttl)
        self.items[key] = (self.items[key][0], self.end(ttl))
        return total


class TakesAnyTtl(DictStore):
    def end(self, ttl):
        return None if ttl is None else CLOCK() + ttl


class CountsWords(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        value = self.live(key)[0]
        if value is not None and not value.lstrip(b"-").isdigit():
            self.items.pop(key)
        return await super().increment(key, amount, ttl=ttl)


class FailsOnWordsInItsOwnWay(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        value = self.live(key)[0]
        int(value or 0)
        return await super().increment(key, amount, ttl=ttl)


class SpoilsWordsFirst(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        try:
            return await super().increment(key, amount, ttl=ttl)
        except StateStoreError:
            self.items[key] = (b"spoilt", None)
            raise


class LosesIncrements(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        end = self.end(ttl)
        value, kept = self.live(key)
        await asyncio.sleep(0)
        if value is not None and not value.lstrip(b"-").isdigit():
            raise StateStoreError("no number")
        total = int(value or 0) + amount
        self.items[key] = (b"%d" % total, end if value is None else kept)
        return total


class MixesCalls(DictStore):
    """As with one reply buffer for all calls."""

    last = None

    async def get(self, key):
        self.last = self.live(key)[0]
        await asyncio.sleep(0)
        return self.last


class SwallowsCancellation(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        return await super().increment(key, amount, ttl=ttl)


class CountsTwiceWhenCancelled(DictStore):
    async def increment(self, key, amount=1, *, ttl=None):
        total = await super().increment(key, amount, ttl=ttl)
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            await super().increment(key, 10 * amount, ttl=ttl)
            raise
        return total


class Refuses(DictStore):
    async def set(self, key, value, *, ttl=None):
        raise StateStoreError("read-only")


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (NoIncrement, "it has `get`, `set`, `delete` and `increment`"),
        (InventsValues, "a key that was never set is None"),
        (ReturnsText, "`get` returns bytes or None"),
        (EmptyIsNothing, "a value comes back as it was"),
        (IgnoresCase, "keys are told apart exactly"),
        (StripsNames, "keys are told apart exactly"),
        (CutsNames, "keys are told apart exactly"),
        (AlwaysDeletes, "deleting nothing is False"),
        (DeletesNothing, "a deleted key is None"),
        (SaysNothingOfDeletion, "`delete` returns a bool"),
        (KeepsCounters, "a deleted counter begins again"),
        (ForgetsAtOnce, "a value lives as long as its ttl"),
        (NeverForgets, "a value is None after its ttl"),
        (DeletesTheExpired, "deleting what expired is False"),
        (KeepsTheFirstTtl, "setting begins a new ttl"),
        (KeepsTheTtlWithoutOne, "setting without a ttl ends the old"),
        (ReturnsWhatWasThere, "incrementing adds and returns the sum|deleted counter"),
        (CountsInThirtyTwoBits, "counters have 64 bits"),
        (CountersLiveForEver, "a counter's ttl runs from its first increment"),
        (CountersAreRenewed, "a counter's ttl runs from its first increment"),
        (TakesAnyTtl, "a ttl of 0 or less is a ValueError"),
        (CountsWords, "incrementing a value that is no number is a StateStoreError"),
        (FailsOnWordsInItsOwnWay, "incrementing a value that is no number is a StateStoreError"),
        (SpoilsWordsFirst, "a refused increment changes nothing"),
        (LosesIncrements, "concurrent increments are each counted once"),
        (MixesCalls, "concurrent calls do not mix"),
        (SwallowsCancellation, "calls let their cancellation through"),
        (CountsTwiceWhenCancelled, "a cancelled increment is counted once or not at all"),
        (Refuses, "`set` works for good arguments: .*read-only"),
    ],
)
async def test_a_broken_rule_is_named(kind, rule):
    with pytest.raises(StateStoreContractError, match=rule):
        await check(kind())


async def test_a_call_that_never_ends_is_found():
    class NeverAnswers(DictStore):
        async def get(self, key):
            await asyncio.Event().wait()

    with pytest.raises(StateStoreContractError, match=r"`get` ends within 0\.05 s"):
        await check(NeverAnswers(), seconds=0.05)


async def test_a_task_left_behind_is_found():
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:

        @asynccontextmanager
        async def open_store():
            group.create_task(stop.wait(), name="left-over")
            yield DictStore()

        with pytest.raises(StateStoreContractError, match=r"leaves no task behind: .*left-over"):
            await check_state_store(open_store, sleep=CLOCK.sleep, ttl=60)
        stop.set()


class Copies(DictStore):
    """Sees what was there when it was opened, and nothing later."""

    def __init__(self, items):
        super().__init__()
        self.items = dict(items)


class WritesBehind(DictStore):
    """Shares all but what it counts."""

    def __init__(self, items):
        super().__init__()
        self.items = items
        self.counted = 0

    async def increment(self, key, amount=1, *, ttl=None):
        self.counted += amount
        return self.counted


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (Copies, "what one store sets another has"),
        (WritesBehind, "stores that share a counter lose no increment"),
    ],
)
async def test_stores_that_do_not_share_are_found(kind, rule):
    with pytest.raises(StateStoreContractError, match=rule):
        await check(DictStore(), share=lambda store: nullcontext(kind(store.items)))
