"""Two that are asked the same: the first who answers is heard."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import define, field, frozen

Result = TypeVar("Result")


@frozen
class _GaveUp:
    error: Exception


Runner: TypeAlias = Callable[[], Awaitable[Result | None]]
_Running: TypeAlias = "asyncio.Task[Result | _GaveUp | None]"


@define(kw_only=True, eq=False)
class Race(Generic[Result]):
    """Ends with the first result, or the first exception; None of a runner only ends its own part.

    Whoever is still running then is cancelled, and waited for.

    Attributes:
        decided: called before the others are cancelled.
        discard: lets go of a result that came too late.
    """

    decided: Callable[[], None]
    discard: Callable[[Result], Awaitable[None]]
    _runners: "list[_Running[Result]]" = field(factory=list[Any], init=False)

    async def run(
        self,
        first: Runner[Result],
        *,
        after: float,
        second: Callable[[], Runner[Result] | None],
    ) -> Result | None:
        """The winner's result, None when nobody has one; raises what a runner raises.

        Args:
            first: begins at once.
            after: for how many seconds it is alone.
            second: gives who comes then, or None.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                self._runners.append(tasks.create_task(_outcome(first)))
                done, _ = await asyncio.wait(self._runners, timeout=after)
                if not done and (other := second()) is not None:
                    self._runners.append(tasks.create_task(_outcome(other)))
                winner = await self._winner()
            await self._let_go(but=winner)
        except BaseException:
            # Somebody left just when there was a result.
            await self._let_go(but=None)
            raise
        if isinstance(winner, _GaveUp):
            raise winner.error
        return winner

    async def _winner(self) -> Result | _GaveUp | None:
        """Of those who come in together one with a result, then the one who began first."""
        racing = set(self._runners)
        results: Sequence[Result | _GaveUp] = ()
        while racing and not results:
            done, racing = await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            ended = [runner.result() for runner in self._runners if runner in done]
            results = [result for result in ended if result is not None]
        self.decided()
        for runner in racing:
            runner.cancel()
        return min(results, key=lambda result: isinstance(result, _GaveUp), default=None)

    async def _let_go(self, *, but: Result | _GaveUp | None) -> None:
        async with AsyncExitStack() as late:
            for runner in self._runners:
                result = None if runner.cancelled() else runner.result()
                if result is not None and result is not but and not isinstance(result, _GaveUp):
                    late.push_async_callback(self.discard, result)


async def _outcome(runner: Runner[Result]) -> Result | _GaveUp | None:
    try:
        return await runner()
    except Exception as error:  # noqa: BLE001 - the group of tasks would wrap it
        return _GaveUp(error)
