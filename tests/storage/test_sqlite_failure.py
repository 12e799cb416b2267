import sqlite3

import pytest

from lunaroute_core import StateStoreError
from lunaroute_storage.sqlite_failure import told_as_state_store_error


def failure(code):
    error = sqlite3.OperationalError("SQLite's own words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_BUSY, "another process keeps the database locked"),
        (sqlite3.SQLITE_BUSY_RECOVERY, "another process keeps the database locked"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "the database is damaged; move it away"),
        (sqlite3.SQLITE_NOTADB, "the file is no database; move it away"),
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_IOERR_READ, "the database cannot be used: SQLite's own words"),
    ],
)
def test_a_failure_is_told_with_its_file_and_its_meaning(tmp_path, code, reason):
    with (
        pytest.raises(StateStoreError, match=f"{tmp_path}: {reason}") as caught,
        told_as_state_store_error(tmp_path),
    ):
        raise failure(code)
    assert caught.value.source == str(tmp_path)


def test_an_error_of_the_module_itself_has_no_code(tmp_path):
    connection = sqlite3.connect(":memory:")
    connection.close()
    with (
        pytest.raises(StateStoreError, match="closed database"),
        told_as_state_store_error(tmp_path),
    ):
        connection.execute("SELECT 1")
