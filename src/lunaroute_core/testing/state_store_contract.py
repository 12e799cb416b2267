"""The StateStore contract: what the gateway relies on, as a test for any implementation."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from attrs import field, frozen

from lunaroute_core.errors import StateStoreError
from lunaroute_core.protocols import StateStore

T = TypeVar("T")

_VALUES = (b"", b"\x00", bytes(range(256)), b"0", "é€😀".encode(), 100_000 * b"x")
_NAMES = ("a", "A", "a ", "a:b", "a/b", "a%", "a_", "a*", "é€😀", "a\x00b", 300 * "long", "")
_LOOP_TURNS_BEFORE_CANCEL = (0, 1, 2, 4, 8, 16)
_PARALLEL_CALLS = 32


class StateStoreContractError(AssertionError):
    """The store breaks a rule; the message says which."""


async def check_state_store(
    open_store: Callable[[], AbstractAsyncContextManager[StateStore]],
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ttl: float = 1.0,
    share: Callable[[StateStore], AbstractAsyncContextManager[StateStore]] | None = None,
    seconds: float = 10.0,
) -> None:
    """Check the contract of `StateStore` against an implementation.

    Args:
        open_store: opens a store with room for a few megabytes; leaving it must release all
            it has. It need not be empty: every check makes up keys of its own.
        sleep: lets the store's time pass, in seconds: that of a `FakeClock` with `autojump`
            costs none of your own.
        ttl: the time to live of what is to expire, in seconds; several times as long as the
            store takes for a call.
        share: opens, as another process would, a second store on the data of an open one.
        seconds: how long any one step may take.

    Raises:
        StateStoreContractError: a rule is broken.
    """
    check = _Check(open_store=open_store, sleep=sleep, ttl=ttl, seconds=seconds)
    await check.verbs()
    await check.values()
    await check.names()
    await check.deletion()
    await check.expiry()
    await check.renewal()
    await check.counting()
    await check.expiry_of_counters()
    await check.refusals()
    await check.concurrent_calls()
    await check.cancellation()
    if share is not None:
        await check.sharing(share)


@frozen(kw_only=True)
class _Check:
    open_store: Callable[[], AbstractAsyncContextManager[StateStore]]
    sleep: Callable[[float], Awaitable[object]]
    ttl: float
    seconds: float
    prefix: str = field(factory=lambda: f"check-{secrets.token_hex(8)}-", init=False)

    async def verbs(self) -> None:
        async with self._store() as store:
            _require(_is_a_store(store), "it has `get`, `set`, `delete` and `increment`")

    async def values(self) -> None:
        async with self._store() as store:
            key = self._key("values")
            missing = await self._get(store, key)
            _require(missing is None, "a key that was never set is None")
            for value in _VALUES:
                await self._set(store, key, value)
                _require(await self._get(store, key) == value, "a value comes back as it was")

    async def names(self) -> None:
        async with self._store() as store:
            keys = [self._key(name) for name in _NAMES]
            for key in keys:
                await self._set(store, key, key.encode())
            kept = [await self._get(store, key) for key in keys]
            _require(kept == [key.encode() for key in keys], "keys are told apart exactly")

    async def deletion(self) -> None:
        async with self._store() as store:
            key = self._key("deletion")
            _require(not await self._delete(store, key), "deleting nothing is False")
            await self._set(store, key, b"value")
            _require(await self._delete(store, key), "deleting a value is True")
            _require(await self._get(store, key) is None, "a deleted key is None")
            await self._increment(store, key)
            _require(await self._delete(store, key), "deleting a counter is True")
            counted = await self._increment(store, key)
            _require(counted == 1, "a deleted counter begins again")

    async def expiry(self) -> None:
        async with self._store() as store:
            key, other = self._key("expiry"), self._key("expiry of another")
            await self._set(store, key, b"value", self.ttl)
            await self._set(store, other, b"value", self.ttl)
            await self.sleep(self.ttl / 2)
            _require(await self._get(store, key) == b"value", "a value lives as long as its ttl")
            await self.sleep(self.ttl)
            _require(await self._get(store, key) is None, "a value is None after its ttl")
            _require(not await self._delete(store, other), "deleting what expired is False")

    async def renewal(self) -> None:
        async with self._store() as store:
            kept, renewed = self._key("kept"), self._key("renewed")
            for key in (kept, renewed):
                await self._set(store, key, b"old", self.ttl)
            await self._set(store, kept, b"new")
            await self.sleep(self.ttl / 2)
            await self._set(store, renewed, b"new", self.ttl)
            await self.sleep(self.ttl * 3 / 4)
            _require(await self._get(store, renewed) == b"new", "setting begins a new ttl")
            await self.sleep(self.ttl)
            _require(await self._get(store, kept) == b"new", "setting without a ttl ends the old")

    async def counting(self) -> None:
        async with self._store() as store:
            key = self._key("counting")
            counted = [await self._increment(store, key, amount) for amount in (1, 5, 0, -10)]
            _require(counted == [1, 6, 6, -4], "incrementing adds and returns the sum")
            large = [await self._increment(store, key, amount) for amount in (2**62, -(2**62))]
            _require(large == [2**62 - 4, -4], "counters have 64 bits")

    async def expiry_of_counters(self) -> None:
        async with self._store() as store:
            key = self._key("expiry of a counter")
            await self._increment(store, key, ttl=self.ttl)
            await self.sleep(self.ttl / 2)
            counted = await self._increment(store, key, ttl=self.ttl)
            _require(counted == 2, "a counter lives as long as its ttl")
            await self.sleep(self.ttl * 3 / 4)
            counted = await self._increment(store, key, ttl=self.ttl)
            _require(counted == 1, "a counter's ttl runs from its first increment")

    async def refusals(self) -> None:
        async with self._store() as store:
            key = self._key("refusals")
            for ttl in (0, -1):
                refused = await self._raised(store.set(key, b"value", ttl=ttl))
                _require(isinstance(refused, ValueError), "a ttl of 0 or less is a ValueError")
                refused = await self._raised(store.increment(key, ttl=ttl))
                _require(isinstance(refused, ValueError), "a ttl of 0 or less is a ValueError")
            await self._set(store, key, b"word")
            refused = await self._raised(store.increment(key))
            rule = "incrementing a value that is no number is a StateStoreError"
            _require(isinstance(refused, StateStoreError), rule)
            _require(await self._get(store, key) == b"word", "a refused increment changes nothing")

    async def concurrent_calls(self) -> None:
        async with self._store() as store:
            counter = self._key("concurrent")
            keys = [self._key(f"concurrent {number}") for number in range(_PARALLEL_CALLS)]
            counted = await asyncio.gather(
                *(self._increment(store, counter) for _ in keys),
                *(self._set(store, key, key.encode()) for key in keys),
            )
            sums = [total for total in counted if total is not None]
            whole = list(range(1, _PARALLEL_CALLS + 1))
            _require(sorted(sums) == whole, "concurrent increments are each counted once")
            values = await asyncio.gather(*(self._get(store, key) for key in keys))
            _require(values == [key.encode() for key in keys], "concurrent calls do not mix")

    async def cancellation(self) -> None:
        async with self._store() as store:
            key, finished = self._key("cancellation"), 0
            for turns in _LOOP_TURNS_BEFORE_CANCEL:
                finished += await self._cancel_after(turns, self._increment(store, key))
            total = await self._increment(store, key, 0)
            possible = finished <= total <= len(_LOOP_TURNS_BEFORE_CANCEL)
            _require(possible, "a cancelled increment is counted once or not at all")

    async def sharing(
        self, share: Callable[[StateStore], AbstractAsyncContextManager[StateStore]]
    ) -> None:
        async with self._store() as one, share(one) as other:
            key, counter = self._key("sharing"), self._key("shared counter")
            await self._set(one, key, b"value")
            _require(await self._get(other, key) == b"value", "what one store sets another has")
            _require(await self._delete(other, key), "what one store sets another can delete")
            _require(await self._get(one, key) is None, "what another store deleted is None")
            sums = await asyncio.gather(
                *(self._increment(one, counter) for _ in range(_PARALLEL_CALLS)),
                *(self._increment(other, counter) for _ in range(_PARALLEL_CALLS)),
            )
            whole = list(range(1, 2 * _PARALLEL_CALLS + 1))
            _require(sorted(sums) == whole, "stores that share a counter lose no increment")

    def _key(self, name: str) -> str:
        return f"{self.prefix}{name}"

    async def _get(self, store: StateStore, key: str) -> bytes | None:
        value = await self._step("get", store.get(key))
        _require(value is None or _is_a(value, bytes), "`get` returns bytes or None")
        return value

    async def _set(
        self, store: StateStore, key: str, value: bytes, ttl: float | None = None
    ) -> None:
        await self._step("set", store.set(key, value, ttl=ttl))

    async def _delete(self, store: StateStore, key: str) -> bool:
        existed = await self._step("delete", store.delete(key))
        _require(_is_a(existed, bool), "`delete` returns a bool")
        return existed

    async def _increment(
        self, store: StateStore, key: str, amount: int = 1, *, ttl: float | None = None
    ) -> int:
        total = await self._step("increment", store.increment(key, amount, ttl=ttl))
        _require(_is_a(total, int), "`increment` returns an int")
        return total

    async def _step(self, what: str, step: Awaitable[T]) -> T:
        deadline = asyncio.timeout(self.seconds)
        try:
            async with deadline:
                return await step
        except Exception as error:
            rule = f"works for good arguments: {error!r}"
            if deadline.expired():
                rule = f"ends within {self.seconds:g} s"
            raise StateStoreContractError(f"`{what}` {rule}") from error

    async def _raised(self, call: Awaitable[object]) -> BaseException | None:
        try:
            async with asyncio.timeout(self.seconds):
                await call
        except Exception as error:  # noqa: BLE001 - whatever a user's store raises
            return error
        return None

    async def _cancel_after(self, turns: int, call: Coroutine[None, None, int]) -> bool:
        """Cancel a call under way; whether it had finished before that."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(call)
            for _ in range(turns):
                await asyncio.sleep(0)
            in_flight = task.cancel()
            await asyncio.wait([task])
        _require(task.cancelled() or not in_flight, "calls let their cancellation through")
        return not in_flight

    @asynccontextmanager
    async def _store(self) -> AsyncGenerator[StateStore]:
        before = asyncio.all_tasks()
        async with self.open_store() as store:
            yield store
        left = asyncio.all_tasks() - before
        _require(not left, f"a closed store leaves no task behind: {left}")


def _is_a(value: object, kind: type) -> bool:
    return isinstance(value, kind)


def _is_a_store(value: object) -> bool:
    return isinstance(value, StateStore)


def _require(holds: bool, rule: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise StateStoreContractError(rule)
