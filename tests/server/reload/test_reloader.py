import asyncio
import threading

import pytest

from lunaroute_core import ConfigurationError
from lunaroute_server.config import InvalidConfigurationError, load_config
from lunaroute_server.reload import ConfigSource, Reloader


class Swapped:
    """What was put in effect; refuses when it is told to."""

    def __init__(self):
        self.configs = []
        self.error = None
        self.threads = []
        self.meanwhile = lambda: None

    def prepare(self, config):
        self.threads.append(threading.current_thread())
        self.meanwhile()
        return lambda: self._swap(config)

    def _swap(self, config):
        self.threads.append(threading.current_thread())
        if self.error is not None:
            raise self.error
        self.configs.append(config)


@pytest.fixture
def swapped():
    return Swapped()


@pytest.fixture
def reloader(file, swapped):
    return Reloader(
        running=load_config(file, environment={}).config,
        prepare=swapped.prepare,
        source=ConfigSource(path=file, environment={}),
    )


async def test_what_was_read_is_put_in_effect(reloader, swapped, rewritten):
    rewritten(("primary: first", "primary: second"))
    done = await reloader.reload()
    assert done.changed == ("routing.rules[0].primary",)
    assert swapped.configs == [done.config] == [reloader.running]


async def test_a_bad_file_changes_nothing_and_names_every_problem(reloader, swapped, file):
    before = reloader.running
    file.write_text("routing:\n  rules:\n    - {primary: nobody}\n  rule: []\n  watch: 3\n")
    with pytest.raises(InvalidConfigurationError) as caught:
        await reloader.reload()
    assert [str(error) for error in caught.value.errors] == [
        f'{file}:4: routing.rule: unknown key (did you mean "rules"?)',
        f"{file}:5: routing.watch: Expected `bool`, got `int`",
    ]
    assert (swapped.configs, reloader.running) == ([], before)


async def test_a_file_that_is_gone_changes_nothing(reloader, swapped, file):
    file.unlink()
    with pytest.raises(ConfigurationError, match="no such file"):
        await reloader.reload()
    assert swapped.configs == []


async def test_a_rule_cannot_lead_to_a_provider_that_is_not_running(reloader, swapped, rewritten):
    """In the file all is well; it is the server that lacks the provider."""
    loaded = rewritten(
        ("routing:\n", "  third: {type: mock}\nrouting:\n"), ("primary: first", "primary: third")
    )
    with pytest.raises(ConfigurationError, match=r"third.*starting the server again") as caught:
        await reloader.reload()
    assert caught.value.path == "routing.rules[0].primary"
    assert caught.value.source.startswith(f"{loaded.path}:")
    assert swapped.configs == []


async def test_what_the_router_refuses_changes_nothing(reloader, swapped, rewritten):
    before, swapped.error = reloader.running, ConfigurationError("two rules have this name")
    rewritten(("primary: first", "primary: second"))
    with pytest.raises(ConfigurationError, match="two rules"):
        await reloader.reload()
    assert reloader.running == before


async def test_what_takes_long_does_not_hold_up_the_event_loop(reloader, swapped):
    await reloader.reload()
    preparing, swapping = swapped.threads
    assert preparing is not threading.current_thread()
    assert swapping is threading.current_thread()


async def test_what_a_program_brings_meanwhile_is_what_a_reload_changes(
    reloader, swapped, rewritten
):
    """The reload was asked for first, but reads what is there in the end."""
    brought = rewritten(("primary: first", "primary: second")).config
    rewritten(("primary: second", "primary: first"))
    loop = asyncio.get_running_loop()
    done = threading.Event()

    def reconfigure():
        swapped.meanwhile = lambda: None
        loop.call_soon_threadsafe(lambda: (reloader.reconfigure(brought), done.set()))
        assert done.wait(20)

    swapped.meanwhile = reconfigure
    outcome = await reloader.reload()
    assert [one.routing.rules[0].primary for one in swapped.configs] == ["second", "first"]
    assert outcome.changed == ("routing.rules[0].primary",)
    assert reloader.running == outcome.config


async def test_what_is_fixed_is_only_told_again_until_the_restart(reloader, rewritten):
    rewritten(("providers:", "port: 9000\nproviders:"))
    assert (await reloader.reload()).restart_needed == ("port",)
    assert (await reloader.reload()).restart_needed == ("port",)


async def test_reloads_come_into_effect_in_the_order_in_which_they_read(
    reloader, swapped, file, rewritten, monkeypatch
):
    """The first one is held up in reading; the second must not be overtaken by it."""
    read, go_on, reading = ConfigSource.read, threading.Event(), threading.Event()

    def slow(self):
        loaded = read(self)
        if not reading.is_set():
            reading.set()
            assert go_on.wait(20)
        return loaded

    monkeypatch.setattr(ConfigSource, "read", slow)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(reloader.reload())
        await asyncio.to_thread(reading.wait, 20)
        rewritten(("primary: first", "primary: second"))
        second = tasks.create_task(reloader.reload())
        await asyncio.wait({second}, timeout=0.05)
        go_on.set()
    assert swapped.configs[-1].routing.rules[0].primary == "second"


async def test_without_a_source_it_can_only_be_given_one(file, swapped, rewritten):
    reloader = Reloader(running=rewritten().config, prepare=swapped.prepare)
    with pytest.raises(ConfigurationError, match="not read from a file"):
        await reloader.reload()
    done = reloader.reconfigure(rewritten(("primary: first", "primary: second")).config)
    assert done.changed == ("routing.rules[0].primary",)
