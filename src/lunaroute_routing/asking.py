"""Putting a request to a deployment: whole, or as a stream up to the point of no return."""

import asyncio
from collections.abc import Callable

from attrs import define, evolve
from lunaroute_core.deadlines import DeadlineOverrides

from lunaroute_core import ModelRequest, ModelResponse, ModelStream, Operation
from lunaroute_routing.attempt import Attempt
from lunaroute_routing.availability import Candidates
from lunaroute_routing.route import Route


@define(kw_only=True, eq=False)
class Asking:
    """Asks deployments for one request.

    Attributes:
        started: when the request came, on the clock, in seconds.
    """

    route: Route
    candidates: Candidates
    clock: Callable[[], float]
    started: float

    async def whole(self, attempt: Attempt, request: ModelRequest) -> ModelResponse:
        """A finished answer, which ends the attempt."""
        self._set_deadlines(attempt, request)
        response = await attempt.deployment.provider.send(request)
        attempt.answered(stream=False)
        attempt.succeeded(response.summary.usage)
        return response

    async def stream(self, attempt: Attempt, request: ModelRequest) -> ModelStream:
        """A stream that has begun, and has content if another deployment could have been asked;
        the attempt ends when it does.
        """
        self._set_deadlines(attempt, request)
        stream = await attempt.deployment.provider.stream(request)
        attempt.follow(stream)
        try:
            await self._begin(attempt, stream)
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def _begin(self, attempt: Attempt, stream: ModelStream) -> None:
        seconds = attempt.deployment.settings.timeouts.first_content_secs
        if seconds is not None:
            stream.expect_content(within=seconds - (self.clock() - attempt.started))
        await stream.prime()
        # With nobody else to ask there is nothing to wait for.
        if self.candidates.has_more() and attempt.request.operation is Operation.GENERATE:
            held_since = asyncio.get_running_loop().time()
            if await stream.hold(until=held_since + self.route.settings.commit_after_secs):
                attempt.answered(stream=True)

    def _set_deadlines(self, attempt: Attempt, request: ModelRequest) -> None:
        deadlines, total = attempt.deployment.deadlines, self.route.settings.timeouts.total_secs
        if total is not None:
            left = max(0.0, total - (self.clock() - self.started))
            deadlines = evolve(deadlines or DeadlineOverrides(), total=left)
        request.context.deadlines = deadlines
