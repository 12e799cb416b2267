import sqlite3
from contextlib import closing, contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lunaroute_core import StateStoreError
from lunaroute_core.testing import FakeClock
from lunaroute_storage import StateBounds
from lunaroute_storage.sqlite_file import connect
from lunaroute_storage.sqlite_table import PURGED_PER_WRITE, SqliteTable

ROOMY = 10**9


@pytest.fixture
def open_table(tmp_path):
    """Opens the table in a file of its own, or that of another one."""
    count = iter(range(1000))

    @contextmanager
    def opened(*, entries=ROOMY, size=ROOMY, clock=None, name=None):
        bounds = StateBounds(max_entries=entries, max_bytes=size)
        path = tmp_path / (name or f"state-{next(count)}.db")
        connection = connect(path, busy_timeout=0.01)
        with closing(
            SqliteTable(connection=connection, bounds=bounds, clock=clock or FakeClock())
        ) as table:
            yield table

    return opened


def held(table, keys):
    return [key for key in keys if table.get(key) is not None]


def true_totals(table):
    query = "SELECT count(*), coalesce(sum(length(key) + length(value)), 0) FROM entry"
    return table.connection.execute(query).fetchone()


def kept_totals(table):
    return table.connection.execute("SELECT entries, size FROM total").fetchone()


def test_what_was_written_longest_ago_makes_room(open_table):
    with open_table(entries=3) as table:
        for key in ("a", "b", "c"):
            table.set(key, b"", None)
        table.set("a", b"again", None)
        table.get("b")
        table.set("d", b"", None)
        assert held(table, "abcd") == ["a", "c", "d"]


def test_a_counter_in_use_is_not_what_was_written_longest_ago(open_table):
    with open_table(entries=2) as table:
        table.increment("counter", 1, None)
        table.set("a", b"", None)
        table.increment("counter", 1, None)
        table.set("b", b"", None)
        assert table.increment("counter", 1, None) == 3
        assert held(table, "ab") == ["b"]


def test_bytes_of_keys_and_values_are_bounded(open_table):
    with open_table(size=10) as table:
        for key in ("a", "b", "€"):
            table.set(key, b"123", None)
        assert held(table, ["a", "b", "€"]) == ["b", "€"]
        table.set("c", b"123456789", None)
        assert held(table, ["a", "b", "€", "c"]) == ["c"]


def test_smaller_bounds_hold_from_the_next_write_on(open_table):
    with open_table(name="shared") as table:
        for number in range(100):
            table.set(str(number), b"", None)
    with open_table(name="shared", entries=3) as table:
        table.set("new", b"", None)
        assert held(table, [*map(str, range(100)), "new"]) == ["98", "99", "new"]


def test_a_record_larger_than_the_store_is_refused_and_changes_nothing(open_table):
    with open_table(size=10) as table:
        table.set("a", b"1", None)
        with pytest.raises(StateStoreError, match="11 bytes"):
            table.set("a", b"1234567890", None)
        assert table.get("a") == b"1"


def test_expired_rows_make_room_before_live_ones(open_table):
    clock = FakeClock()
    with open_table(size=6000, clock=clock) as table:
        table.set("live", b"", None)
        for number in range(4 * PURGED_PER_WRITE):
            table.set(str(number), bytes(20), 1)
        clock.advance(1)
        table.set("large", bytes(5000), None)
        assert held(table, ["live", "large"]) == ["live", "large"]
        assert table.count() == 2


def test_each_write_deletes_a_bounded_number_of_expired_rows(open_table):
    clock = FakeClock()
    with open_table(clock=clock) as table:
        for number in range(2 * PURGED_PER_WRITE + 10):
            table.set(str(number), b"", 1)
        clock.advance(1)
        table.set("a", b"", None)
        assert table.count() == PURGED_PER_WRITE + 11
        table.increment("b", 1, None)
        table.set("c", b"", None)
        assert table.count() == 3


def test_purging_looks_at_expired_rows_only(open_table):
    """By its index, so that it costs nothing when there is nothing to purge."""
    with open_table() as table:
        statements = []
        table.connection.set_trace_callback(statements.append)
        table.set("a", b"", None)
        table.connection.set_trace_callback(None)
        (purge,) = [line for line in statements if "expires_at <=" in line]
        plan = table.connection.execute(f"EXPLAIN QUERY PLAN {purge}").fetchall()
    assert any("INDEX entry_expiry (expires_at<?)" in row[3] for row in plan)
    assert not any(row[3].startswith("SCAN") for row in plan)


def test_a_write_that_fails_is_undone_as_a_whole(open_table):
    with open_table() as table:
        table.set("a", b"word", None)
        with pytest.raises(StateStoreError, match="not a number"):
            table.increment("a", 1, None)
        assert not table.connection.in_transaction
        assert table.get("a") == b"word"


def test_a_writer_does_not_wait_for_ever(open_table):
    with open_table(name="shared") as one, open_table(name="shared") as other:
        one.connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.set("a", b"", None)
        assert other.get("a") is None
        one.connection.execute("ROLLBACK")
        other.set("a", b"", None)


def test_text_that_sqlite_cannot_write_is_a_key(open_table):
    with open_table() as table:
        table.set("\ud800", b"lone surrogate", None)
        assert table.get("\ud800") == b"lone surrogate"


KEYS = st.sampled_from("abcdef")
TTLS = st.one_of(st.none(), st.just(3))
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), KEYS, st.binary(max_size=6), TTLS),
        st.tuples(st.just("count"), st.sampled_from("xy"), st.integers(-9, 9), TTLS),
        st.tuples(st.just("delete"), KEYS),
        st.tuples(st.just("advance"), st.integers(1, 4)),
    ),
    max_size=30,
)


@given(operations=OPERATIONS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_it_never_holds_more_than_its_bounds_and_never_invents(open_table, operations):
    """Against a dictionary that forgets nothing but what has expired."""
    clock = FakeClock()
    with open_table(entries=4, size=16, clock=clock, name="reused") as table:
        table.connection.execute("DELETE FROM entry")
        model = {}
        for operation in operations:
            match operation:
                case ("set", key, value, ttl):
                    table.set(key, value, ttl)
                    model[key] = (value, clock.now + ttl if ttl else None)
                    assert table.get(key) == value
                case ("count", key, amount, ttl):
                    before = table.get(key)
                    total = table.increment(key, amount, ttl)
                    assert total == int(before or 0) + amount
                    expiry = clock.now + ttl if ttl else None
                    model[key] = (b"%d" % total, model[key][1] if before else expiry)
                case ("delete", key):
                    table.delete(key)
                    model.pop(key, None)
                case ("advance", seconds):
                    clock.advance(seconds)
            assert kept_totals(table) == true_totals(table)
            assert table.count() <= 4
            assert kept_totals(table)[1] <= 16
            for key in held(table, "abcdefxy"):
                value, expiry = model[key]
                assert table.get(key) == value
                assert expiry is None or clock.now < expiry
