"""A read that may take longer than one cares to wait, and is not lost then.

`asyncio` is loaded where it is needed: that takes longer than many a use of the core.
"""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


class PendingRead(Struct, Generic[T]):
    """At most one read under way, in a task of its own.

    A read that is cancelled would take its source with it: an async generator is dead then,
    and bytes may be lost. So whoever stops waiting leaves it running, and takes its result
    later; `aclose` ends it if nobody does.
    """

    _task: "asyncio.Task[T] | None" = None

    def __bool__(self) -> bool:
        return self._task is not None

    async def begin(self, read: Callable[[], Coroutine[Any, Any, T]], *, until: float) -> bool:
        """Begin a read, unless one is under way, and wait for it; whether it is done before
        the event loop's time `until`.
        """
        import asyncio  # noqa: PLC0415

        loop = asyncio.get_running_loop()
        if self._task is None:
            self._task = loop.create_task(read())
        await asyncio.wait((self._task,), timeout=max(0.0, until - loop.time()))
        return self._task.done()

    async def take(self) -> T:
        """The result of the read under way. Raises what it raised."""
        if self._task is None:
            raise RuntimeError("no read is under way")
        try:
            return await self._task
        finally:
            self._task = None

    async def aclose(self) -> None:
        """End the read. Until it has ended its source cannot be closed, so whoever is cancelled
        meanwhile is so afterwards.
        """
        task, self._task = self._task, None
        if task is None:
            return
        import asyncio  # noqa: PLC0415

        task.cancel()
        interrupted: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.wait((task,))
            except asyncio.CancelledError as error:
                interrupted = error
        if not task.cancelled():
            task.exception()  # seen, so that nobody is told that it was not
        if interrupted is not None:
            raise interrupted
