"""What the gateway remembers of a conversation for clients that do not bring it along."""

from typing import Protocol

from lunaroute_core.model import NormalizedRequest, NormalizedResponse
from lunaroute_core.model_request import ModelRequest


class ConversationMemory(Protocol):
    """Completes requests by what was remembered of the answers before them.

    A memory never fails a request for want of its store: what it cannot reach it has not
    remembered. It is told of the envelope in which the client's request came, to know whose
    conversation it is.
    """

    async def recall(self, request: NormalizedRequest, envelope: ModelRequest) -> NormalizedRequest:
        """The request with what the client left out; the same object where nothing is missing.

        Raises:
            InvalidRequestError: it rests on something that is not remembered, and cannot be
                served without.
        """
        ...

    async def remember(
        self, request: NormalizedRequest, answer: NormalizedResponse, envelope: ModelRequest
    ) -> None:
        """Keep what the next request may leave out. `request` is the completed one."""
        ...
