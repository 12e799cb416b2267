from contextlib import asynccontextmanager

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core import StateStoreError
from lunaroute_core.testing import FakeClock, check_state_store
from lunaroute_storage import (
    EncryptedStateStore,
    EncryptionKey,
    MemoryStateStore,
    SqliteStateStore,
    UnreadableReason,
)

OLD, NEW = (EncryptionKey.from_secret(byte * 32, purpose="tests") for byte in (b"o", b"n"))


def encrypted(store, *keys):
    return EncryptedStateStore(store=store, keys=keys or (NEW,))


async def test_it_is_a_state_store(tmp_path):
    clock = FakeClock(autojump=True)

    @asynccontextmanager
    async def open_store(shared=None):
        async with SqliteStateStore(path=tmp_path / "state.db", clock=clock) as store:
            yield encrypted(store)

    await check_state_store(open_store, sleep=clock.sleep, ttl=60, share=open_store)


async def test_what_is_stored_is_not_what_was_set():
    inner = MemoryStateStore()
    await encrypted(inner).set("key", b"plain words")
    assert b"plain words" not in await inner.get("key")


async def test_the_file_of_a_store_holds_nothing_readable(tmp_path):
    async with SqliteStateStore(path=tmp_path / "state.db") as store:
        await encrypted(store).set("key", b"plain words")
        written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"key" in written
    assert b"plain words" not in written


async def test_times_to_live_are_those_of_the_store():
    clock = FakeClock()
    store = encrypted(MemoryStateStore(clock=clock))
    await store.set("key", b"value", ttl=60)
    clock.advance(59)
    assert await store.get("key") == b"value"
    clock.advance(1)
    assert await store.get("key") is None
    assert store.unreadable.total() == 0


async def test_keys_are_rotated_without_losing_a_value():
    inner = MemoryStateStore()
    await encrypted(inner, OLD).set("old", b"value")
    rotated = encrypted(inner, NEW, OLD)
    assert await rotated.get("old") == b"value"
    await rotated.set("new", b"value")
    assert await encrypted(inner, NEW).get("new") == b"value"
    assert await encrypted(inner, OLD).get("new") is None


async def unreadable(store, key="key"):
    """What a value that is there but cannot be read is counted and logged as."""
    with structlog.testing.capture_logs() as logs:
        assert await store.get(key) is None
    (count,) = store.unreadable.items()
    assert logs == [
        {"event": "stored value unreadable", "log_level": "warning", "reason": count[0].value}
    ]
    return count


async def test_a_value_whose_key_is_gone_is_not_there():
    inner = MemoryStateStore()
    await encrypted(inner, OLD).set("key", b"value")
    assert await unreadable(encrypted(inner, NEW)) == (UnreadableReason.UNKNOWN_KEY, 1)


async def test_a_value_that_was_moved_to_another_key_is_not_there():
    inner = MemoryStateStore()
    store = encrypted(inner)
    await store.set("somebody else's", b"value")
    await inner.set("key", await inner.get("somebody else's"))
    assert await unreadable(store) == (UnreadableReason.TAMPERED, 1)


@given(content=st.binary(max_size=100))
async def test_a_value_that_was_never_sealed_is_not_there(content):
    inner = MemoryStateStore()
    await inner.set("key", content)
    assert (await unreadable(encrypted(inner)))[1] == 1


async def test_unreadable_values_are_counted_by_reason():
    inner = MemoryStateStore()
    store = encrypted(inner)
    await inner.set("a", b"never sealed")
    await encrypted(inner, OLD).set("b", b"value")
    for key in ("a", "b", "b", "missing"):
        await store.get(key)
    assert store.unreadable == {
        UnreadableReason.MALFORMED: 1,
        UnreadableReason.UNKNOWN_KEY: 2,
    }


async def test_an_unreadable_value_can_be_replaced_and_deleted():
    inner = MemoryStateStore()
    store = encrypted(inner)
    await inner.set("key", b"never sealed")
    await store.set("key", b"value")
    assert await store.get("key") == b"value"
    await inner.set("key", b"never sealed")
    assert await store.delete("key")
    assert await inner.get("key") is None


async def test_a_store_out_of_reach_is_not_mistaken_for_one_without_the_value(tmp_path):
    with pytest.raises(StateStoreError, match="not open"):
        await encrypted(SqliteStateStore(path=tmp_path / "state.db")).get("key")


async def test_names_that_utf_8_cannot_write_are_names():
    store = encrypted(MemoryStateStore())
    await store.set("\ud800", b"value")
    assert await store.get("\ud800") == b"value"


def test_a_store_without_keys_is_refused():
    with pytest.raises(ValueError, match="keys"):
        EncryptedStateStore(store=MemoryStateStore(), keys=())
