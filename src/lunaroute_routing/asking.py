"""Putting a request to a deployment: whole, or as a stream up to the point of no return."""

import asyncio
from typing import Any

from msgspec.structs import replace

from lunaroute_core import ModelRequest, ModelResponse, ModelStream, Operation
from lunaroute_core.deadlines import DeadlineOverrides
from lunaroute_routing.attempt import Attempt
from lunaroute_routing.journey import Journey


async def ask_whole(
    journey: Journey[ModelResponse], attempt: Attempt, request: ModelRequest
) -> ModelResponse:
    """A finished answer, which ends the attempt."""
    request.context.deadlines = _deadlines(journey, attempt)
    response = await attempt.deployment.provider.send(request)
    attempt.succeeded(response.summary.usage, whole=True)
    return response


async def ask_stream(
    journey: Journey[ModelStream], attempt: Attempt, request: ModelRequest
) -> ModelStream:
    """A stream that has begun, and has content if another deployment could have been asked; the
    attempt ends when it does.
    """
    request.context.deadlines = _deadlines(journey, attempt)
    stream = await attempt.deployment.provider.stream(request)
    attempt.follow(stream)
    try:
        await _begin(journey, attempt, stream)
    except BaseException:
        await stream.aclose()
        raise
    return stream


async def _begin(journey: Journey[ModelStream], attempt: Attempt, stream: ModelStream) -> None:
    now = asyncio.get_running_loop().time()
    seconds = attempt.deployment.settings.timeouts.first_content_secs
    if seconds is not None:
        stream.first_content.by = now + max(0.0, seconds - attempt.seconds)
        stream.first_content.seconds = seconds
    await stream.prime()
    # With nobody else to ask there is nothing to wait for.
    if journey.candidates.has_more() and attempt.request.operation is Operation.GENERATE:
        await stream.hold(until=now + journey.route.settings.commit_after_secs)
        attempt.has_content()


def _deadlines(journey: Journey[Any], attempt: Attempt) -> DeadlineOverrides | None:
    deadlines, total = attempt.deployment.deadlines, journey.route.settings.timeouts.total_secs
    if total is None:
        return deadlines
    left = max(0.0, total - journey.seconds)
    return replace(deadlines or DeadlineOverrides(), total=left)
