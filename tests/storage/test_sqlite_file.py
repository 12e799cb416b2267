import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_storage.sqlite_file import connect


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def opened(path):
    return closing(connect(path, busy_timeout=0.01))


def write(connection, key=b"key"):
    connection.execute(
        "INSERT INTO entry (key, expires_at, size, value) VALUES (?, NULL, 0, '')", (key,)
    )


def test_the_file_its_journal_and_its_directories_are_private(tmp_path):
    with opened(tmp_path / "a" / "b" / "state.db") as connection:
        write(connection)
        files = {path.name: mode(path) for path in (tmp_path / "a" / "b").iterdir()}
    assert files == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


def test_a_file_that_others_could_read_is_taken_from_them(tmp_path):
    with opened(tmp_path / "state.db") as connection:
        write(connection)
    (tmp_path / "state.db").chmod(0o644)
    with opened(tmp_path / "state.db") as connection:
        write(connection, b"another")
        assert {mode(path) for path in tmp_path.iterdir()} == {0o600}


def test_a_database_that_is_there_is_kept(tmp_path):
    with opened(tmp_path / "state.db") as connection:
        write(connection)
    with opened(tmp_path / "state.db") as connection:
        assert connection.execute("SELECT key FROM entry").fetchall() == [(b"key",)]


def test_readers_and_a_writer_do_not_wait_for_each_other(tmp_path):
    with opened(tmp_path / "state.db") as reader, opened(tmp_path / "state.db") as writer:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entry").fetchall()
        writer.execute("BEGIN IMMEDIATE")
        write(writer)
        assert reader.execute("SELECT * FROM entry").fetchall() == []
        writer.execute("COMMIT")


@pytest.mark.parametrize("name", [":memory:", "file:state.db", ""])
def test_names_that_sqlite_treats_specially_are_files(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = Path(name or "plain")
    with opened(path) as connection:
        write(connection)
    with opened(path) as connection:
        assert len(connection.execute("SELECT key FROM entry").fetchall()) == 1
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def refusal(path):
    with pytest.raises(ConfigurationError) as caught, opened(path):
        pass
    assert caught.value.source == str(path)
    return caught.value.reason


@pytest.mark.parametrize("exists", [True, False])
def test_no_symbolic_link_is_followed(tmp_path, exists):
    target, link = tmp_path / "target", tmp_path / "state.db"
    if exists:
        opened(target).thing.close()
    link.symlink_to(target)
    assert refusal(link) == "it is not a file"
    assert target.exists() == exists


def test_a_directory_is_refused(tmp_path):
    assert refusal(tmp_path) == "it is not a file"


def test_a_directory_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file" / "state.db") == "it cannot be opened: Not a directory"


def test_a_file_of_another_kind_is_refused_and_kept(tmp_path):
    (tmp_path / "state.db").write_text("My novel.\n" * 100)
    assert "no database; move it away" in refusal(tmp_path / "state.db")
    assert (tmp_path / "state.db").read_text().startswith("My novel.")


def test_an_empty_file_is_refused(tmp_path):
    """SQLite would take it for a database, but whoever made it meant something else."""
    (tmp_path / "state.db").touch()
    assert refusal(tmp_path / "state.db") == "it is not a state database"


def test_somebody_elses_database_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        connection.execute("CREATE TABLE entry (id INTEGER)")
    assert refusal(tmp_path / "state.db") == "it is not a state database"


def test_a_database_of_a_later_version_is_refused(tmp_path):
    with opened(tmp_path / "state.db") as connection:
        connection.execute("PRAGMA user_version = 2")
    assert refusal(tmp_path / "state.db") == "it is a state database of version 2, not 1"


def test_a_damaged_database_is_refused(tmp_path):
    path = tmp_path / "state.db"
    opened(path).thing.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    assert "damaged; move it away" in refusal(path)


def test_a_locked_database_is_refused(tmp_path):
    path = tmp_path / "state.db"
    opened(path).thing.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as greedy:
        greedy.execute("PRAGMA locking_mode = EXCLUSIVE")
        greedy.execute("BEGIN EXCLUSIVE")
        assert "keeps the database locked" in refusal(path)
