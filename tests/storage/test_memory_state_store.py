import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core import StateStoreError
from lunaroute_core.testing import FakeClock, check_state_store
from lunaroute_storage import MemoryStateStore, StateBounds

ROOMY = 10**9


def store_of(*, entries=ROOMY, size=ROOMY, clock=None):
    bounds = StateBounds(max_entries=entries, max_bytes=size)
    return MemoryStateStore(bounds=bounds, clock=clock or FakeClock())


async def held(store, keys):
    return [key for key in keys if await store.get(key) is not None]


async def test_it_is_a_state_store():
    clock = FakeClock(autojump=True)
    await check_state_store(lambda: MemoryStateStore(clock=clock), sleep=clock.sleep, ttl=60)


async def test_what_was_used_least_recently_makes_room():
    store = store_of(entries=3)
    for key in ("a", "b", "c"):
        await store.set(key, b"")
    await store.get("a")
    await store.increment("n")
    await store.set("d", b"")
    assert await held(store, ["a", "b", "c", "n", "d"]) == ["a", "n", "d"]


async def test_bytes_of_keys_and_values_are_bounded():
    store = store_of(size=10)
    for key in ("a", "b", "€"):
        await store.set(key, b"123")
    assert await held(store, ["a", "b", "€"]) == ["b", "€"]


async def test_replacing_and_deleting_give_room_back():
    store = store_of(size=10)
    await store.set("a", b"123456789")
    await store.set("a", b"1")
    await store.set("b", b"1234567")
    await store.delete("b")
    await store.set("c", b"1234567")
    assert await held(store, ["a", "c"]) == ["a", "c"]


async def test_a_record_larger_than_the_store_is_refused_and_pushes_nothing_out():
    store = store_of(size=10)
    await store.set("a", b"1")
    with pytest.raises(StateStoreError, match="11 bytes"):
        await store.set("a", b"1234567890")
    assert await store.get("a") == b"1"


async def test_expired_entries_make_room_before_live_ones():
    clock = FakeClock()
    store = store_of(entries=2, clock=clock)
    await store.set("live", b"")
    await store.set("short", b"", ttl=1)
    clock.advance(1)
    await store.set("new", b"")
    assert await held(store, ["live", "short", "new"]) == ["live", "new"]


async def test_expired_entries_are_not_kept_until_somebody_asks_for_them():
    clock = FakeClock()
    store = store_of(clock=clock)
    for number in range(100):
        await store.set(f"key {number}", b"", ttl=number + 1)
    clock.advance(60)
    await store.get("unrelated")
    assert len(store) == 40


async def test_text_that_utf_8_cannot_write_is_a_key():
    store = store_of()
    await store.set("\ud800", b"lone surrogate")
    assert await store.get("\ud800") == b"lone surrogate"


async def test_leaving_forgets_everything():
    async with store_of(size=10) as store:
        await store.set("a", b"123456789")
    assert len(store) == 0
    await store.set("b", b"123456789")
    assert await store.get("b") == b"123456789"


KEYS = st.sampled_from("abcdef")
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), KEYS, st.binary(max_size=6), st.one_of(st.none(), st.just(3))),
        st.tuples(st.just("delete"), KEYS),
        st.tuples(st.just("advance"), st.integers(1, 4)),
    ),
    max_size=40,
)


@given(operations=OPERATIONS)
async def test_it_never_holds_more_than_its_bounds_and_never_invents(operations):
    """Against a dictionary that forgets nothing but what has expired."""
    clock = FakeClock()
    store = store_of(entries=4, size=16, clock=clock)
    model = {}
    for operation in operations:
        match operation:
            case ("set", key, value, ttl):
                await store.set(key, value, ttl=ttl)
                model[key] = (value, clock.now + ttl if ttl else None)
                assert await store.get(key) == value
            case ("delete", key):
                await store.delete(key)
                model.pop(key, None)
            case ("advance", seconds):
                clock.advance(seconds)
        kept = {key: await store.get(key) for key in "abcdef"}
        kept = {key: value for key, value in kept.items() if value is not None}
        assert len(kept) <= 4
        assert sum(1 + len(value) for value in kept.values()) <= 16
        for key, value in kept.items():
            stored, expiry = model[key]
            assert value == stored
            assert expiry is None or clock.now < expiry
