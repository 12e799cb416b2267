"""The ASGI lifespan, driven here rather than by each server.

Servers differ: one goes on without an application that failed to start, one exits with its
own code, one drops the reason. Here a failure to start is the application's own exception,
and what was opened is closed even when the serving was cut short.
"""

import asyncio
from types import TracebackType
from typing import Self

from attrs import define, field
from starlette.types import ASGIApp, Message

from lunaroute_core.errors import LunaRouteError


class LifespanError(LunaRouteError):
    """The application ended, or said that it failed, instead of starting or stopping."""


@define(kw_only=True, eq=False)
class Lifespan:
    """`async with Lifespan(app=app)`: the application is open inside.

    Lifespan state is not offered: an application that is given its collaborators when it is
    made has no use for it.
    """

    app: ASGIApp
    _events: asyncio.Queue[Message] = field(factory=asyncio.Queue[Message], init=False)
    _started: asyncio.Event = field(factory=asyncio.Event, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _failure: str = field(default="it ended without an answer", init=False)

    async def __aenter__(self) -> Self:
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._events.put_nowait({"type": "lifespan.startup"})
        await self._started.wait()
        if self._task.done():
            await self._task
            raise LifespanError(f"the application did not start: {self._failure}")
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._events.put_nowait({"type": "lifespan.shutdown"})
            await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        try:
            await self.app(scope, self._events.get, self._receive_answer)
        finally:
            self._started.set()

    async def _receive_answer(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            self._started.set()
        elif message["type"] == "lifespan.startup.failed":
            self._failure = message.get("message", "")
        elif message["type"] == "lifespan.shutdown.failed":
            raise LifespanError(f"the application did not stop: {message.get('message', '')}")
