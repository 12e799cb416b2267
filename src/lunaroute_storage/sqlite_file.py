"""The database file of a state store: made private and whole, opened and recognised."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from lunaroute_core.errors import ConfigurationError
from lunaroute_storage.private_file import (
    create_private_file,
    is_regular_file,
    make_private_directory,
    narrow_mode,
)
from lunaroute_storage.sqlite_failure import failure_reason

_APPLICATION = 0x4C755374
"""`LuSt`, where `file` and SQLite look for whose database it is."""
_VERSION = 1

# The newest rows have the highest ids. Values come last, so that reading the other columns
# does not read through them. `total` is kept by triggers and so is right whoever writes.
_SCHEMA = """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    expires_at REAL,
    size INTEGER NOT NULL,
    value BLOB NOT NULL
);
CREATE INDEX entry_expiry ON entry (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE total (entries INTEGER NOT NULL, size INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0);
CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN
    UPDATE total SET entries = entries + 1, size = size + new.size;
END;
CREATE TRIGGER entry_removed AFTER DELETE ON entry BEGIN
    UPDATE total SET entries = entries - 1, size = size - old.size;
END;
"""

# In WAL mode NORMAL loses nothing when a process is killed. A machine that loses its power
# may lose the last moments, and the database stays whole.
_SETTINGS = """
PRAGMA synchronous = NORMAL;
PRAGMA journal_size_limit = 4194304;
"""


def connect(path: Path, *, busy_timeout: float) -> sqlite3.Connection:
    """A connection to the state database at `path`, which is created if it is not there.

    Its journal must be on a local disk, as SQLite asks for WAL mode: processes share memory.

    Args:
        path: the file.
        busy_timeout: how many seconds to wait for a lock.

    Raises:
        ConfigurationError: it cannot be read or created, is damaged or locked, or is not a
            state database.
    """
    # SQLite takes `:memory:` and some other relative names for something else.
    path = path.absolute()
    try:
        _make(path)
        connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)
        try:
            _recognise(path, connection)
            connection.executescript(_SETTINGS)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise _refusal(path, failure_reason(error)) from error
    except OSError as error:
        raise _refusal(path, f"it cannot be opened: {error.strerror}") from error
    return connection


def _make(path: Path) -> None:
    """See to it that there is a database.

    One that exists is not opened here: closing it again would drop every lock that another
    connection of this process has on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    if not os.path.lexists(path):
        make_private_directory(path.parent)
        create_private_file(path, _write_schema)
    if not is_regular_file(path):
        raise _refusal(path, "it is not a file")
    narrow_mode(path)


def _write_schema(path: Path) -> None:
    """A draft that others see only when it is complete, so nobody waits for a lock on it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _recognise(path: Path, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise _refusal(path, "it is not a state database")
    if version != _VERSION:
        raise _refusal(path, f"it is a state database of version {version}, not {_VERSION}")
    # Reads a page of the schema and one of a table, where damage would show.
    connection.execute("SELECT entries FROM total").fetchone()


def _refusal(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(reason, source=str(path))
