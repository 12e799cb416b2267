"""State in this process's memory: gone when it ends, and seen by nobody else."""

import time
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Self

from attrs import define, field, frozen

from lunaroute_storage.bounds import StateBounds
from lunaroute_storage.counter import increased
from lunaroute_storage.expiry import expires_at
from lunaroute_storage.expiry_queue import ExpiryQueue

MEMORY_BOUNDS = StateBounds(max_entries=100_000, max_bytes=64 * 1024 * 1024)


@frozen
class _Entry:
    value: bytes
    expiry: float | None
    size: int


@define(kw_only=True, eq=False)
class MemoryStateStore:
    """A `StateStore` for one event loop.

    What does not fit pushes out what was used least recently, expired entries first.

    Attributes:
        bounds: how much it may hold.
        clock: monotonic time in seconds.
    """

    bounds: StateBounds = MEMORY_BOUNDS
    clock: Callable[[], float] = time.monotonic
    _entries: OrderedDict[str, _Entry] = field(factory=OrderedDict[str, _Entry], init=False)
    _expiries: ExpiryQueue = field(factory=ExpiryQueue, init=False)
    _size: int = field(default=0, init=False)

    async def get(self, key: str) -> bytes | None:
        self._purge()
        entry = self._used(key)
        return entry.value if entry else None

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        self._put(key, value, expires_at(self.clock(), ttl))

    async def delete(self, key: str) -> bool:
        self._purge()
        return self._drop(key)

    async def increment(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        expiry = expires_at(self.clock(), ttl)
        self._purge()
        entry = self._used(key)
        total = increased(entry.value if entry else None, amount)
        self._put(key, b"%d" % total, entry.expiry if entry else expiry)
        return total

    async def aclose(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._expiries = ExpiryQueue()
        self._size = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __len__(self) -> int:
        """How many entries are held, expired ones included."""
        return len(self._entries)

    def _used(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry:
            self._entries.move_to_end(key)
        return entry

    def _put(self, key: str, value: bytes, expiry: float | None) -> None:
        # Text from JSON may hold lone surrogates, which UTF-8 proper cannot write.
        size = len(key.encode("utf-8", "surrogatepass")) + len(value)
        self.bounds.check(size)
        self._purge()
        self._drop(key)
        self._entries[key] = _Entry(value, expiry, size)
        self._expiries.put(key, expiry)
        self._size += size
        while not self.bounds.hold(entries=len(self._entries), size=self._size):
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> bool:
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self._expiries.put(key, None)
        self._size -= entry.size
        return True

    def _purge(self) -> None:
        for key in self._expiries.due(self.clock()):
            self._drop(key)
