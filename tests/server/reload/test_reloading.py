import asyncio

import pytest
from structlog.testing import capture_logs

from lunaroute_core import ConfigurationError
from lunaroute_server.config import Config, InvalidConfigurationError
from lunaroute_server.reload import Reload, Reloading


class Scripted:
    """A reload that does what it is told, the first of them when serving begins."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.calls = 0
        self.begun = asyncio.Event()
        self.done = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self):
        self.calls += 1
        self.begun.set()
        await self.go_on.wait()
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.done.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Touched:
    """A file that changes when the test says so. It is watched from the first item on."""

    def __init__(self):
        self.touches = asyncio.Queue()
        self.left = asyncio.Event()

    async def changes(self):
        yield
        while True:
            error = await self.touches.get()
            if error is not None:
                asyncio.get_running_loop().call_soon(self.left.set)
                raise error
            yield


NOTHING = Reload(config=Config())


@pytest.fixture
def log():
    with capture_logs() as entries:
        yield entries


def told(log):
    return [{name: value for name, value in it.items() if name != "process"} for it in log]


async def test_it_reads_again_when_the_file_changes(log):
    reload, file = Scripted(NOTHING, Reload(config=Config(), changed=("routing.rules",))), Touched()
    async with Reloading(reload=reload, watched=file):
        await reload.begun.wait()
        file.touches.put_nowait(None)
        await reload.done.wait()
    assert told(log) == [
        {"event": "config.reloaded", "log_level": "info", "changed": ["routing.rules"]}
    ]


async def test_who_asks_is_told_even_that_nothing_has_changed(log):
    reload = Scripted(NOTHING, NOTHING)
    async with Reloading(reload=reload) as reloading:
        await reload.begun.wait()
        reloading.ask()
        await reload.done.wait()
    assert told(log) == [{"event": "config.reloaded", "log_level": "info", "changed": []}]


async def test_what_changed_before_it_began_is_caught_up_with(log):
    """A worker that replaces another one is forked with what its parent read long ago."""
    reload = Scripted(Reload(config=Config(), changed=("routing.rules",)))
    async with Reloading(reload=reload):
        await reload.done.wait()
    assert [it["event"] for it in log] == ["config.reloaded"]


async def test_nothing_is_read_before_the_file_is_watched(log):
    """A change after the reading and before the watch would never be noticed."""
    order = []

    class Watched(Touched):
        async def changes(self):
            await asyncio.sleep(0)
            order.append("watched")
            async for _ in super().changes():
                yield

    async def reload():
        order.append("read")
        done.set()
        return NOTHING

    done = asyncio.Event()
    async with Reloading(reload=reload, watched=Watched()):
        await done.wait()
    assert order == ["watched", "read"]
    assert log == []


async def test_reasons_that_come_together_are_one(log):
    reload = Scripted(NOTHING, NOTHING)
    reload.go_on.clear()
    async with Reloading(reload=reload) as reloading:
        await reload.begun.wait()
        for _ in range(10):
            reloading.ask()
        reload.go_on.set()
        await reload.done.wait()
    assert reload.calls == 2


async def test_what_takes_a_restart_is_said(log):
    reload = Scripted(Reload(config=Config(), restart_needed=("port", "providers.new")))
    async with Reloading(reload=reload):
        await reload.done.wait()
    assert told(log) == [
        {
            "event": "config.restart_needed",
            "log_level": "warning",
            "keys": ["port", "providers.new"],
        }
    ]


async def test_all_that_is_wrong_is_one_error_and_it_goes_on(log):
    errors = [
        ConfigurationError("is no number", source="lr.yaml:3", path="routing.rules[0].priority"),
        ConfigurationError("unknown key", source="lr.yaml:7", path="routing.rule"),
    ]
    reload = Scripted(InvalidConfigurationError(errors, source="lr.yaml"), errors[0], NOTHING)
    async with Reloading(reload=reload) as reloading:
        while not reload.done.is_set():
            reloading.ask()
            await asyncio.sleep(0)
    assert [it["event"] for it in log][:2] == ["config.reload_failed", "config.reload_failed"]
    assert log[0]["problems"] == [
        "lr.yaml:3: routing.rules[0].priority: is no number",
        "lr.yaml:7: routing.rule: unknown key",
    ]
    assert log[1]["problems"] == ["lr.yaml:3: routing.rules[0].priority: is no number"]


async def test_a_fault_of_ours_is_told_with_its_traceback_and_it_goes_on(log):
    reload = Scripted(ZeroDivisionError(), NOTHING)
    async with Reloading(reload=reload) as reloading:
        await reload.begun.wait()
        reloading.ask()
        await reload.done.wait()
    assert log[0]["event"] == "config.reload_failed"
    assert "Traceback" in log[0]["exception"]


async def test_a_file_that_cannot_be_watched_is_told_and_asking_still_works(log):
    reload, file = Scripted(NOTHING, NOTHING), Touched()
    file.touches.put_nowait(OSError("no more inotify watches"))
    async with Reloading(reload=reload, watched=file) as reloading:
        await file.left.wait()
        assert told(log) == [
            {
                "event": "config.watch_failed",
                "log_level": "error",
                "reason": "no more inotify watches",
            }
        ]
        reloading.ask()
        await reload.done.wait()


async def test_nothing_runs_on_afterwards():
    reload = Scripted(NOTHING)
    before = asyncio.all_tasks()
    async with Reloading(reload=reload, watched=Touched()):
        reload.go_on.clear()
    assert asyncio.all_tasks() == before
