"""Writes any dialect's request in this one."""

from lunaroute_core.dialects.foreign_reasoning import without_foreign_reasoning
from lunaroute_core.dialects.openai_chat.extensions import DIALECT
from lunaroute_core.dialects.openai_chat.foreign_request import adapted_request
from lunaroute_core.dialects.openai_chat.request_writing import write_request
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import NormalizedRequest
from lunaroute_core.translation import Translation


def encode_request(request: NormalizedRequest, translation: Translation) -> bytes:
    """The body, the same bytes each time.

    A request in this dialect is written as it came, but for reasoning of another origin that
    its client was given to keep.

    Raises:
        InvalidRequestError: it asks for what Chat, or the model, cannot give.
    """
    try:
        return write_request(_adapted(request, translation))
    except RecursionError as error:
        raise InvalidRequestError("the request is nested too deeply") from error


def _adapted(request: NormalizedRequest, translation: Translation) -> NormalizedRequest:
    if request.source.dialect != DIALECT:
        return adapted_request(request, translation)
    return without_foreign_reasoning(request, translation, param="messages[].reasoning_details")
