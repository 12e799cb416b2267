"""Several processes that tell each other which providers have had enough."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from heapq import nlargest
from types import TracebackType
from typing import Self, TypeAlias

import msgspec
import structlog
from attrs import define, field
from msgspec import Struct

from lunaroute_core.protocols import StateStore
from lunaroute_core.retry_after import MAX_RETRY_AFTER
from lunaroute_routing.provider_states import ProviderStates

KEY = "lunaroute:cooldowns"
MAX_SHARED = 1_000
"""Cool-downs that are shared at most: those that last longest."""
SKEW = 60.0
"""Seconds by which clocks may differ. What is said to last longer than any cool-down by more
than this was written by a clock that is wrong."""
SLACK = 0.05
"""Seconds by which two ends are the same: what is told back and forth must not grow."""

_log = structlog.get_logger("lunaroute.routing")


class _SharedCooldown(Struct, frozen=True, kw_only=True):
    provider: str
    model: str | None
    until: float


_Ends: TypeAlias = dict[tuple[str, str | None], float]
"""When what is left alone is free again, in Unix time."""


@define(kw_only=True, eq=False)
class SharedCooldowns:
    """Carries cool-downs between the states of this process and a store, by a task of its own.

    The task runs between `__aenter__` and `__aexit__`. Requests never wait for the store: they
    see what the last exchange has brought. A store that fails costs the sharing, nothing else.

    All is kept under one key. Processes that write at once may overwrite each other; what is
    lost by that is written again at the next exchange of whoever knows it, so that all soon
    know the same. The machines' clocks should agree to about a second.

    Attributes:
        states: whose cool-downs are shared, by their providers' names.
        store: the same for all processes.
        clock: Unix time in seconds.
        sleep: waits for as many seconds.
        interval: seconds between two exchanges.
        patience: seconds after which a store that does not answer has failed.
    """

    states: ProviderStates
    store: StateStore
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    interval: float = 1.0
    patience: float = 2.0
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _failing: bool = field(default=False, init=False)

    async def __aenter__(self) -> Self:
        self._task = asyncio.get_running_loop().create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def exchange(self) -> None:
        """Learn what others have found out, and tell what they do not know, once."""
        try:
            async with asyncio.timeout(self.patience):
                await self._exchange()
        except TimeoutError:
            self._failed(f"the store did not answer within {self.patience:g} s")
        except Exception as error:  # noqa: BLE001 - stores are plugged in, and sharing goes on
            self._failed(str(error) or type(error).__name__)
        else:
            self._worked()

    async def _run(self) -> None:
        while True:
            await self.exchange()
            await self.sleep(self.interval)

    async def _exchange(self) -> None:
        written = await self.store.get(KEY)
        now = self.clock()
        shared = _running(written, now)
        self._learn(shared, now)
        news = {
            scope: until
            for scope, until in self._own(now).items()
            if until > shared.get(scope, now) + SLACK
        }
        if news:
            merged = {**shared, **news}
            await self.store.set(KEY, _written(merged), ttl=max(merged.values()) - now)

    def _learn(self, shared: _Ends, now: float) -> None:
        for state in self.states:
            own = state.cooldowns.entries()
            for (provider, model), until in shared.items():
                if provider == state.provider and until > now + own.get(model, 0.0) + SLACK:
                    state.cooldowns.extend(model, until - now)

    def _own(self, now: float) -> _Ends:
        ends: _Ends = {}
        for state in self.states:
            for model, seconds in state.cooldowns.entries().items():
                scope = state.provider, model
                ends[scope] = max(now + seconds, ends.get(scope, now))
        return ends

    def _failed(self, reason: str) -> None:
        if not self._failing:
            _log.warning("cool-downs not shared", reason=reason)
        self._failing = True

    def _worked(self) -> None:
        if self._failing:
            _log.info("cool-downs shared again")
        self._failing = False


def _running(written: bytes | None, now: float) -> _Ends:
    """What is left alone still; nothing where that cannot be read: it is written anew."""
    if written is None:
        return {}
    try:
        entries = msgspec.json.decode(written, type=list[_SharedCooldown])
    except msgspec.DecodeError as error:
        _log.warning("shared cool-downs unreadable", reason=str(error))
        return {}
    latest = now + MAX_RETRY_AFTER + SKEW
    return {
        (entry.provider, entry.model): entry.until
        for entry in entries
        if now < entry.until <= latest
    }


def _written(ends: _Ends) -> bytes:
    longest = nlargest(MAX_SHARED, ends.items(), key=lambda item: item[1])
    return msgspec.json.encode(
        [
            _SharedCooldown(provider=provider, model=model, until=until)
            for (provider, model), until in longest
        ]
    )
