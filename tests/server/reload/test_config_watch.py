"""The ways in which a configuration file gets another content."""

import asyncio
import itertools
from contextlib import aclosing

import pytest

from lunaroute_server.reload import ConfigWatch, config_watch

PATIENCE_SECS = 20


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("port: 1\n")
    return path


def in_place(file, text):
    file.write_text(text)


def by_rename(file, text):
    """As editors do, so that the file is never half-written."""
    draft = file.with_name(".config.yaml.swp")
    draft.write_text(text)
    draft.replace(file)


def by_a_turned_link(file, text):
    """As Kubernetes does with a ConfigMap: `config.yaml` is a link to `..data/config.yaml`,
    and `..data` a link to a directory that is new each time."""
    data = file.with_name("..data")
    if not data.is_symlink():
        (first := file.with_name("..first")).mkdir()
        file.rename(first / file.name)
        data.symlink_to(first.name)
        file.symlink_to("..data/config.yaml")
    version = file.with_name(f"..{text.strip().replace(': ', '-')}")
    version.mkdir()
    (version / file.name).write_text(text)
    draft = file.with_name("..data_tmp")
    draft.symlink_to(version.name)
    before = data.resolve()
    draft.replace(data)
    (before / file.name).unlink()
    before.rmdir()


def behind_a_link(file, text):
    """The file is elsewhere, and is replaced there."""
    elsewhere = file.parent / "elsewhere"
    if not file.is_symlink():
        elsewhere.mkdir()
        file.rename(elsewhere / file.name)
        file.symlink_to(elsewhere / file.name)
    by_rename(elsewhere / file.name, text)


@pytest.mark.parametrize("change", [in_place, by_rename, by_a_turned_link, behind_a_link])
async def test_the_system_tells_of_a_change(file, change, monkeypatch):
    """Nothing is looked at from time to time here; three changes in a row are all noticed."""
    monkeypatch.setattr(config_watch, "INTERVAL_MS", 3_600_000)
    change(file, "port: 2\n")
    texts = (f"port: {number}\n" for number in itertools.count(3))
    async with (
        aclosing(ConfigWatch(path=file).changes()) as changes,
        asyncio.timeout(PATIENCE_SECS),
    ):
        await anext(changes)
        for _ in range(3):
            async with asyncio.TaskGroup() as tasks:
                noticed = tasks.create_task(anext(changes))
                while not noticed.done():  # whether the system listens already cannot be seen
                    change(file, next(texts))
                    await asyncio.wait({noticed}, timeout=0.5)


async def test_a_change_that_the_system_does_not_tell_of_is_noticed_too(file, monkeypatch):
    monkeypatch.setattr(config_watch, "INTERVAL_MS", 20)
    monkeypatch.setattr(ConfigWatch, "_directories", lambda self: frozenset({elsewhere}))
    elsewhere = file.parent / "elsewhere"
    elsewhere.mkdir()
    async with (
        aclosing(ConfigWatch(path=file).changes()) as changes,
        asyncio.timeout(PATIENCE_SECS),
        asyncio.TaskGroup() as tasks,
    ):
        noticed = tasks.create_task(anext(changes))
        await asyncio.wait({noticed}, timeout=0.1)
        file.write_text("port: 2\n")


class Scripted:
    """Events that a test makes, and the directories it was asked to watch."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.watched = []

    async def events(self, directories):
        self.watched.append(directories)
        while self.steps:
            self.steps.pop(0)()
            yield
        raise StopWatchingError


class StopWatchingError(Exception):
    """There is no further step."""


async def noticed(path, script):
    """How many changes there were."""
    count = 0
    changes = ConfigWatch(path=path, events=script.events).changes()
    await anext(changes)
    while True:
        try:
            await anext(changes)
        except StopWatchingError:
            return count
        count += 1


async def test_events_that_change_no_content_are_no_changes(file):
    script = Scripted(
        lambda: file.write_text("port: 1\n"),
        lambda: file.with_name("state.db").write_text("written all the time"),
        lambda: by_rename(file, "port: 1\n"),
    )
    assert await noticed(file, script) == 0


async def test_a_file_that_goes_and_comes_has_changed_twice(file):
    script = Scripted(file.unlink, lambda: None, lambda: file.write_text("port: 1\n"))
    assert await noticed(file, script) == 2


async def test_a_link_that_is_turned_is_followed(file):
    def turn(name):
        target = file.parent / name / "config.yaml"
        target.parent.mkdir()
        target.write_text(name)
        file.unlink()
        file.symlink_to(target)

    script = Scripted(lambda: turn("one"), lambda: turn("two"), lambda: None)
    assert await noticed(file, script) == 2
    here = file.parent
    assert script.watched == [frozenset({here}), {here, here / "one"}, {here, here / "two"}]


async def test_a_link_to_itself_is_no_endless_way(file):
    file.unlink()
    file.symlink_to(file)
    script = Scripted(lambda: None)
    assert await noticed(file, script) == 0


async def test_a_directory_that_is_not_there_cannot_be_watched(tmp_path):
    changes = ConfigWatch(path=tmp_path / "none" / "config.yaml").changes()
    await anext(changes)
    with pytest.raises(OSError, match="not"):
        await anext(changes)


async def test_a_change_between_the_first_item_and_the_watch_is_noticed(file):
    """Whoever reads the file after the first item misses nothing."""
    changes = ConfigWatch(path=file, events=Scripted(lambda: None).events).changes()
    await anext(changes)
    file.write_text("port: 2\n")
    async with asyncio.timeout(PATIENCE_SECS):
        await anext(changes)
