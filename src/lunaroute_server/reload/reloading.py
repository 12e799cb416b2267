"""Reloads that happen by themselves: because the file has changed, or a signal came."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from traceback import format_exc
from types import TracebackType
from typing import Protocol, Self

import structlog
from attrs import define, field

from lunaroute_core import ConfigurationError
from lunaroute_server.config import InvalidConfigurationError
from lunaroute_server.reload.reload import Reload

_log = structlog.get_logger("lunaroute.config")


class Changes(Protocol):
    """Something that can be watched."""

    def changes(self) -> AsyncGenerator[None]:
        """One item at first, and one whenever it has changed since the item before."""
        ...


@define(kw_only=True, eq=False)
class Reloading:
    """`async with Reloading(…)`: inside, the configuration is read again when `watched` changes
    and when `ask` is called, once for any number of reasons there were meanwhile.

    What came of it is in the log. Nothing that goes wrong ends the serving.
    """

    reload: Callable[[], Awaitable[Reload]]
    watched: Changes | None = None
    _asked: asyncio.Event = field(factory=asyncio.Event, init=False)
    _aloud: bool = field(default=False, init=False)
    """Whether whoever asked is to be told that nothing has changed."""
    _tasks: list[asyncio.Task[None]] = field(factory=list[asyncio.Task[None]], init=False)

    def ask(self) -> None:
        """Have it read again soon."""
        self._aloud = True
        self._asked.set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._reload_when_asked())]
        if self.watched is None:
            self._catch_up()
        else:
            self._tasks.append(loop.create_task(self._watch(self.watched)))
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self, watched: Changes) -> None:
        try:
            async with aclosing(watched.changes()) as changes:
                # Only what is read from now on is sure to be no older than what is watched.
                await anext(changes)
                self._catch_up()
                async for _ in changes:
                    self.ask()
        except Exception as error:  # noqa: BLE001 - whatever keeps it from watching is told
            _log.error("config.watch_failed", reason=str(error), process=os.getpid())

    def _catch_up(self) -> None:
        """Have it read for what has changed before this began: a worker that takes the place of
        another one was given what its parent had read.
        """
        self._asked.set()

    async def _reload_when_asked(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            aloud, self._aloud = self._aloud, False
            await self._reload(aloud=aloud)

    async def _reload(self, *, aloud: bool) -> None:
        process = os.getpid()
        try:
            done = await self.reload()
        except ConfigurationError as error:
            problems = error.errors if isinstance(error, InvalidConfigurationError) else (error,)
            texts = [str(problem) for problem in problems]
            _log.error("config.reload_failed", problems=texts, process=process)
        except Exception:  # noqa: BLE001 - a fault of ours must not end what is served
            _log.error("config.reload_failed", exception=format_exc(), process=process)
        else:
            if done.changed or aloud:
                for warning in done.warnings:
                    _log.warning("configuration", reason=warning)
                _log.info("config.reloaded", changed=list(done.changed), process=process)
            if done.restart_needed:
                keys = list(done.restart_needed)
                _log.warning("config.restart_needed", keys=keys, process=process)
