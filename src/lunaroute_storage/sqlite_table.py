"""The rows of a SQLite state store, read and written in one thread."""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager

from attrs import frozen

from lunaroute_storage.bounds import StateBounds
from lunaroute_storage.counter import increased
from lunaroute_storage.expiry import expires_at, is_over

PURGED_PER_WRITE = 64
"""More than a write adds, so that expired rows do not pile up, and few enough not to be felt."""

_Row = tuple[bytes, float | None]


@frozen(kw_only=True)
class SqliteTable:
    """What a `StateStore` does, waiting for the database.

    What does not fit pushes out what was written longest ago, expired rows first.

    Attributes:
        connection: in autocommit mode; closed here.
        bounds: how much the table may hold.
        clock: Unix time in seconds, which all processes share.
    """

    connection: sqlite3.Connection
    bounds: StateBounds
    clock: Callable[[], float]

    def get(self, key: str) -> bytes | None:
        row = self._row(_encoded(key))
        return row[0] if row else None

    def set(self, key: str, value: bytes, ttl: float | None) -> None:
        expiry = expires_at(self.clock(), ttl)
        with self._writing():
            self._put(_encoded(key), value, expiry)

    def delete(self, key: str) -> bool:
        encoded = _encoded(key)
        with self._writing():
            found = self._row(encoded) is not None
            self._drop(encoded)
        return found

    def increment(self, key: str, amount: int, ttl: float | None) -> int:
        expiry, encoded = expires_at(self.clock(), ttl), _encoded(key)
        with self._writing():
            row = self._row(encoded)
            total = increased(row[0] if row else None, amount)
            # A row of its own, so that a counter in use is never the oldest.
            self._put(encoded, b"%d" % total, row[1] if row else expiry)
        return total

    def count(self) -> int:
        """How many rows there are, expired ones included."""
        return self._totals()[0]

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def _writing(self) -> Generator[None]:
        """A transaction that locks out other writers before it reads what it will change."""
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            yield

    def _row(self, key: bytes) -> _Row | None:
        query = "SELECT value, expires_at FROM entry WHERE key = ?"
        row: _Row | None = self.connection.execute(query, (key,)).fetchone()
        return None if row is None or is_over(row[1], self.clock()) else row

    def _put(self, key: bytes, value: bytes, expiry: float | None) -> None:
        size = len(key) + len(value)
        self.bounds.check(size)
        self._purge(PURGED_PER_WRITE)
        self._drop(key)
        self.connection.execute(
            "INSERT INTO entry (key, expires_at, size, value) VALUES (?, ?, ?, ?)",
            (key, expiry, size, value),
        )
        self._make_room()

    def _drop(self, key: bytes) -> None:
        self.connection.execute("DELETE FROM entry WHERE key = ?", (key,))

    def _purge(self, limit: int) -> None:
        """Delete expired rows, at most `limit` of them unless it is negative."""
        self.connection.execute(
            "DELETE FROM entry WHERE id IN"
            " (SELECT id FROM entry WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
            (self.clock(), limit),
        )

    def _make_room(self) -> None:
        entries, size = self._totals()
        if self.bounds.hold(entries=entries, size=size):
            return
        self._purge(-1)
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        entries, size = self._totals()
        oldest = self.connection.execute("SELECT id, size FROM entry ORDER BY id")
        last = None
        while not self.bounds.hold(entries=entries, size=size):
            last, freed = oldest.fetchone()
            entries, size = entries - 1, size - freed
        oldest.close()
        self.connection.execute("DELETE FROM entry WHERE id <= ?", (last,))

    def _totals(self) -> tuple[int, int]:
        entries, size = self.connection.execute("SELECT entries, size FROM total").fetchone()
        return entries, size


def _encoded(key: str) -> bytes:
    """Text from JSON may hold lone surrogates, which SQLite's own text cannot."""
    return key.encode("utf-8", "surrogatepass")
