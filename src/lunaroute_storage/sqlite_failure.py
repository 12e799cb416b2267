"""What SQLite's errors mean to whoever has to do something about them."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from lunaroute_core.errors import StateStoreError

_REASONS = {
    sqlite3.SQLITE_BUSY: "another process keeps the database locked",
    sqlite3.SQLITE_LOCKED: "another process keeps the database locked",
    sqlite3.SQLITE_CORRUPT: "the database is damaged; move it away, and a new one is made",
    sqlite3.SQLITE_NOTADB: "the file is no database; move it away, and a new one is made",
    sqlite3.SQLITE_FULL: "the disk is full",
}


def failure_reason(error: sqlite3.Error) -> str:
    # The upper bits say which kind of lock or damage it is. Errors that the module itself
    # raises, such as for a connection that is closed, have no code.
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return _REASONS.get(code, f"the database cannot be used: {error}")


@contextmanager
def told_as_state_store_error(path: Path) -> Generator[None]:
    """Have a failure name the database.

    Raises:
        StateStoreError: for every sqlite3.Error.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise StateStoreError(failure_reason(error), source=str(path)) from error
