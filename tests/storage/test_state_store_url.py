import time
from pathlib import Path

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_core.testing import FakeClock
from lunaroute_storage import MemoryStateStore, StateBounds, open_state_store


async def test_memory():
    async with open_state_store("memory://") as store:
        assert isinstance(store, MemoryStateStore)
        await store.set("key", b"value", ttl=60)
        assert await store.get("key") == b"value"


async def test_an_absolute_path(tmp_path):
    async with open_state_store(f"sqlite:///{tmp_path}/state.db") as store:
        await store.set("key", b"value", ttl=60)
        assert await store.get("key") == b"value"
    assert (tmp_path / "state.db").is_file()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///state.db", "state.db"),
        ("sqlite:////var/lib/lunaroute/state.db", "/var/lib/lunaroute/state.db"),
        ("sqlite:///~/state.db", "/somewhere/state.db"),
        ("sqlite:///100%25 sure.db", "100%25 sure.db"),
    ],
)
def test_paths_are_written_as_in_sqlalchemys_urls(url, path, monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    assert open_state_store(url).path == Path(path)


@pytest.mark.parametrize("url", ["memory://", "sqlite:///state.db"])
def test_bounds_and_clock_are_handed_on(url):
    bounds, clock = StateBounds(max_entries=1, max_bytes=1), FakeClock()
    store = open_state_store(url, bounds=bounds, clock=clock)
    assert (store.bounds, store.clock) == (bounds, clock)


def test_processes_share_the_time_of_a_file_but_not_of_memory():
    assert open_state_store("memory://").clock is time.monotonic
    assert open_state_store("sqlite:///state.db").clock is time.time


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("redis://somebody:password@example.com/0", "no such store can be opened: redis://;"),
        ("sqlite://", "no such store can be opened: sqlite://;"),
        ("sqlite:///", "no such store can be opened: sqlite://;"),
        ("sqlite://state.db", "no such store can be opened: sqlite://;"),
        ("sqlite:///:memory:", "no such store can be opened: sqlite://;"),
        ("sqlite:///state.db?mode=ro", "no such store can be opened: sqlite://;"),
        ("memory://somewhere", "no such store can be opened: memory://;"),
        ("state.db", "this is no store's URL;"),
        ("", "this is no store's URL;"),
    ],
)
def test_other_urls_are_refused_with_what_is_accepted_and_without_passwords(url, reason):
    with pytest.raises(ConfigurationError) as caught:
        open_state_store(url)
    assert caught.value.reason.startswith(reason)
    assert "memory:// or sqlite:///PATH" in caught.value.reason
    assert "password" not in caught.value.reason


def test_a_home_that_cannot_be_found_is_told():
    """Not every user of a container has one."""
    with pytest.raises(ConfigurationError, match="home directory"):
        open_state_store("sqlite:///~nobody.of.that.name/state.db")
