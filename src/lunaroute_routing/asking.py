"""Putting a request to a deployment: whole, or as a stream up to the point of no return."""

import asyncio
from typing import Any

from msgspec.structs import replace

from lunaroute_core import ModelResponse, ModelStream, Operation, UpstreamTimeoutError
from lunaroute_core.deadlines import DeadlineOverrides
from lunaroute_routing.attempt import Attempt
from lunaroute_routing.journey import Journey


async def ask_whole(journey: Journey[ModelResponse], attempt: Attempt) -> ModelResponse:
    """A finished answer, which ends the attempt."""
    request = attempt.request
    context = request.context
    context.deadlines = _deadlines(journey, attempt)
    response = await attempt.deployment.provider.send(request)
    if context.attempts == attempt.asked and request.operation is Operation.COUNT_TOKENS:
        attempt.passed(response.summary.usage)  # an estimate, for which nobody was asked
    else:
        attempt.succeeded(response.summary.usage, whole=True)
    return response


async def ask_stream(journey: Journey[ModelStream], attempt: Attempt) -> ModelStream:
    """A stream that has begun, and has content if another deployment could have been asked; the
    attempt ends when it does.
    """
    attempt.request.context.deadlines = _deadlines(journey, attempt)
    stream = await _opened(attempt)
    attempt.follow(stream)
    try:
        await _begin(journey, attempt, stream)
    except BaseException:
        await stream.aclose()
        raise
    return stream


async def _opened(attempt: Attempt) -> ModelStream:
    """The stream, whose first content cannot come in time if it does not itself."""
    seconds = _first_content_secs(attempt)
    opening = attempt.deployment.provider.stream(attempt.request)
    if seconds is None:
        return await opening
    scope = asyncio.timeout(seconds)
    try:
        async with scope:
            return await opening
    except TimeoutError:
        if not scope.expired():
            raise
    raise UpstreamTimeoutError(
        phase="first_content", seconds=seconds, provider=attempt.deployment.name
    )


async def _begin(journey: Journey[ModelStream], attempt: Attempt, stream: ModelStream) -> None:
    now, first = asyncio.get_running_loop().time(), stream.first_content
    seconds = _first_content_secs(attempt)
    if seconds is not None:
        first.by, first.seconds = now + max(0.0, seconds - attempt.seconds), seconds
    if stream.has_content:
        attempt.has_content()
    else:
        first.on_came = (*first.on_came, attempt.has_content)
    await stream.prime()
    # With nobody else to ask there is nothing to wait for.
    if attempt.request.operation is Operation.GENERATE and journey.has_others:
        await stream.hold(until=now + journey.route.settings.commit_after_secs)


def _first_content_secs(attempt: Attempt) -> float | None:
    """Seconds; None where they do not matter, or it is not known what content is."""
    if attempt.request.operation is not Operation.GENERATE:
        return None
    return attempt.deployment.settings.timeouts.first_content_secs


def _deadlines(journey: Journey[Any], attempt: Attempt) -> DeadlineOverrides | None:
    """The deployment's, and where they say nothing those that the caller has set; of the total
    what is left of the shorter.
    """
    given, own = journey.given, attempt.deployment.deadlines
    total = journey.route.settings.timeouts.total_secs
    if given is None and total is None:
        return own
    deadlines = own if given is None else given.overridden(own)
    if given is not None and given.total is not None:
        total = given.total if total is None else min(given.total, total)
    if total is None:
        return deadlines
    return replace(deadlines or DeadlineOverrides(), total=max(0.0, total - journey.seconds))
