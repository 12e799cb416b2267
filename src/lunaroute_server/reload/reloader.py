"""From a configuration that was read again to one that is in effect."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from attrs import define, field

from lunaroute_core import ConfigurationError
from lunaroute_server.config import Config, LoadedConfig, check
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.problem import Problem, raise_problems
from lunaroute_server.reload.config_source import ConfigSource
from lunaroute_server.reload.reload import Reload

_RESTART = "providers are added, removed and renamed by starting the server again"


PutInEffect: TypeAlias = Callable[[], None]
"""Swaps what the router goes by; raises ConfigurationError, and changes nothing then, for what it
cannot go by."""


@define(kw_only=True, eq=False)
class Reloader:
    """Puts what has changed about routing into effect, all of it or nothing.

    Attributes:
        running: the configuration that is in effect.
        prepare: makes what the router is to go by. That may take long, so it is called in a
            thread, and changes nothing; what it returns is called in the event loop.
        source: where it is read again; None where it did not come from a file.
    """

    running: Config
    prepare: Callable[[Config], PutInEffect]
    source: ConfigSource | None = None
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    async def reload(self) -> Reload:
        """Read the configuration again, environment variables included, and put it in effect.

        Raises:
            ConfigurationError: something is wrong with it; nothing has changed. Several
                problems come as one `InvalidConfigurationError`.
        """
        if self.source is None:
            raise ConfigurationError("this configuration was not read from a file")
        # One after the other: what is read later must also be put in effect later.
        async with self._turn:
            loaded = await asyncio.to_thread(self.source.read)
            while True:
                running = self.running
                outcome, put_in_effect = await asyncio.to_thread(self._prepared, running, loaded)
                if self.running is running:
                    return self._apply(outcome, put_in_effect)

    def reconfigure(self, config: Config) -> Reload:
        """Put what another configuration says of routing in effect.

        Raises:
            ConfigurationError: it does not go with what is running; nothing has changed.
        """
        return self._apply(*self._prepared(self.running, LoadedConfig(config=config)))

    def _prepared(self, running: Config, loaded: LoadedConfig) -> tuple[Reload, PutInEffect]:
        outcome = Reload.between(running, loaded)
        source = None if loaded.path is None else str(loaded.path)
        mixed = [_placed(problem, loaded) for problem in check(outcome.config)]
        raise_problems(mixed, source=source)
        return outcome, self.prepare(outcome.config)

    def _apply(self, outcome: Reload, put_in_effect: PutInEffect) -> Reload:
        put_in_effect()
        self.running = outcome.config
        return outcome


def _placed(problem: Problem, loaded: LoadedConfig) -> Problem:
    """A problem that the new routing has with the running providers, and where it is."""
    reason = f"{problem.reason}; {_RESTART}"
    return Problem(reason=reason, path=problem.path, source=_place(problem.path, loaded))


def _place(path: KeyPath, loaded: LoadedConfig) -> str | None:
    while path:
        if name := loaded.origin(path).name:
            return name
        path = path[:-1]
    return None if loaded.path is None else str(loaded.path)
