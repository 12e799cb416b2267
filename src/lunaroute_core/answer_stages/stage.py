"""One step of an answer's way back."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from lunaroute_core.model import NormalizedResponse, StreamEnd, StreamEvent


class AnswerStage(Protocol):
    """Changes one answer, whole or streamed; made for one call, so it may keep state.

    A streamed answer must come out as the whole one would.
    """

    def response(self, response: NormalizedResponse) -> NormalizedResponse:
        """A whole answer.

        Raises:
            ValueError: the answer is not what the stage was promised.
        """
        ...

    def events(self, event: StreamEvent) -> Iterable[StreamEvent]:
        """What an event of a streamed answer becomes. A `StreamEnd` ends the answer there.

        Raises:
            ValueError: the answer is not what the stage was promised.
        """
        ...


def staged_response(
    response: NormalizedResponse, stages: Sequence[AnswerStage]
) -> NormalizedResponse:
    """A whole answer after all stages, in their order."""
    for stage in stages:
        response = stage.response(response)
    return response


def staged_events(event: StreamEvent, stages: Sequence[AnswerStage]) -> Iterator[StreamEvent]:
    """The events after all stages, in their order; none after a `StreamEnd`."""
    if not stages:
        yield event
        return
    for changed in stages[0].events(event):
        yield from staged_events(changed, stages[1:])
        if isinstance(changed, StreamEnd):
            return
