import asyncio

import attrs
import pytest
from msgspec import Struct

from lunaroute_core import StateStoreError
from lunaroute_egress.conversation.kept_state import KeptState


class Value(Struct):
    text: str
    number: int = 0


@pytest.fixture
def kept(store):
    return KeptState(store=store, kind=Value, prefix="value", ttl=60, max_bytes=50)


async def test_a_value_comes_back(kept, store):
    assert await kept.set("a", Value(text="x", number=1))
    assert await kept.get("a") == Value(text="x", number=1)
    assert await kept.get("b") is None
    assert store.ttls == {"value:a": 60}


async def test_a_value_can_be_forgotten(kept):
    await kept.set("a", Value(text="x"))
    assert await kept.delete("a")
    assert not await kept.delete("a")
    assert await kept.get("a") is None


async def test_a_value_that_is_too_large_is_not_kept(kept, store):
    assert not await kept.set("a", Value(text="x" * 50))
    assert store.values == {}


async def test_a_value_without_a_written_form_is_not_kept(kept):
    assert not await kept.set("a", Value(text="\ud800"))


async def test_what_cannot_be_read_is_not_there(kept, store):
    """As after an upgrade that keeps something else under the name."""
    store.values["value:a"] = b'{"text": 5}'
    store.values["value:b"] = b"{"
    assert await kept.get("a") is None
    assert await kept.get("b") is None


async def test_a_store_that_fails_has_nothing_and_keeps_nothing(kept, store):
    await kept.set("a", Value(text="x"))
    store.broken = True
    assert await kept.get("a") is None
    assert not await kept.set("a", Value(text="x"))


async def test_that_nothing_was_deleted_is_not_hidden(kept, store):
    store.broken = True
    with pytest.raises(StateStoreError):
        await kept.delete("a")


class Hangs:
    """A store that never answers."""

    async def get(self, key):
        await asyncio.Event().wait()

    async def set(self, key, value, *, ttl=None):
        await asyncio.Event().wait()


async def test_a_store_that_never_answers_has_nothing_and_keeps_nothing(kept):
    """A client waits for it, and for its answer's end."""
    hanging = attrs.evolve(kept, store=Hangs(), patience=0.01)
    assert await hanging.get("a") is None
    assert not await hanging.set("a", Value(text="x"))
