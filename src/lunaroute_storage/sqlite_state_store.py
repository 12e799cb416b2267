"""State in a SQLite file, shared by the processes of one machine."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from attrs import define, field

from lunaroute_core.errors import StateStoreError
from lunaroute_storage.bounds import StateBounds
from lunaroute_storage.sqlite_failure import told_as_state_store_error
from lunaroute_storage.sqlite_file import connect
from lunaroute_storage.sqlite_table import SqliteTable

T = TypeVar("T")

SQLITE_BOUNDS = StateBounds(max_entries=1_000_000, max_bytes=256 * 1024 * 1024)


@define(kw_only=True, eq=False)
class SqliteStateStore:
    """A `StateStore` in a file, open between `__aenter__` and `__aexit__`.

    One thread, which the store owns, does all the waiting: SQLite lets one writer through at
    a time anyway, and the calls of one event loop keep their order. A call that is cancelled
    has been done or has not been begun. What was set outlives the death of the process.

    Attributes:
        path: the file; it is private to the user, and so are directories made for it. It
            must be on a local disk.
        bounds: how much it may hold; what was written longest ago is pushed out.
        busy_timeout: how many seconds a call waits for its turn, and again for other
            processes, before it fails.
        clock: Unix time in seconds.
        monotonic: monotonic time in seconds.
    """

    path: Path
    bounds: StateBounds = SQLITE_BOUNDS
    busy_timeout: float = 5.0
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    _worker: ThreadPoolExecutor | None = field(default=None, init=False)
    _table: SqliteTable | None = field(default=None, init=False)

    async def get(self, key: str) -> bytes | None:
        return await self._call(lambda table: table.get(key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        await self._call(lambda table: table.set(key, value, ttl))

    async def delete(self, key: str) -> bool:
        return await self._call(lambda table: table.delete(key))

    async def increment(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        return await self._call(lambda table: table.increment(key, amount, ttl))

    async def count(self) -> int:
        """How many entries are held, expired ones included."""
        return await self._call(SqliteTable.count)

    async def __aenter__(self) -> Self:
        """Open the file.

        Raises:
            ConfigurationError: it is locked, damaged, something else, or cannot be created.
        """
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="lunaroute-state")
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._open)
        except BaseException:
            # A cancelled opening goes on in the thread; closing comes after it.
            self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Finish the calls in progress and close the file. Closing twice does nothing."""
        if closed := self._stop():
            await closed

    def _open(self) -> None:
        connection = connect(self.path, busy_timeout=self.busy_timeout)
        self._table = SqliteTable(connection=connection, bounds=self.bounds, clock=self.clock)

    def _close(self) -> None:
        if self._table:
            self._table.close()
            self._table = None

    def _stop(self) -> asyncio.Future[None] | None:
        """Take no further calls, and close after those that were made."""
        worker, self._worker = self._worker, None
        if worker is None:
            return None
        closed = asyncio.get_running_loop().run_in_executor(worker, self._close)
        worker.shutdown(wait=False)
        return closed

    async def _call(self, operation: Callable[[SqliteTable], T]) -> T:
        worker, asked_at = self._worker, self.monotonic()
        if worker is None:
            raise self._not_open()

        def in_turn() -> T:
            with told_as_state_store_error(self.path):
                return operation(self._table_in_turn(asked_at))

        return await asyncio.get_running_loop().run_in_executor(worker, in_turn)

    def _table_in_turn(self, asked_at: float) -> SqliteTable:
        """Behind a locked database calls fail together, instead of each one in turn."""
        if self.monotonic() - asked_at > self.busy_timeout:
            reason = f"the call waited for more than {self.busy_timeout:g} s"
            raise StateStoreError(reason, source=str(self.path))
        if self._table is None:
            raise self._not_open()
        return self._table

    def _not_open(self) -> StateStoreError:
        return StateStoreError("the store is not open", source=str(self.path))
