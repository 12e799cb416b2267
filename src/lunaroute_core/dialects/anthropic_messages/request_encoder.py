"""Writes any dialect's request in this one."""

import msgspec

from lunaroute_core.dialects.anthropic_messages.continued_request import continued
from lunaroute_core.dialects.anthropic_messages.foreign_request import adapted_request
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.request_writer import write_messages_request
from lunaroute_core.dialects.anthropic_messages.thinking import lacks_thinking
from lunaroute_core.dialects.foreign_reasoning import without_foreign_reasoning
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import NormalizedRequest, Reasoning
from lunaroute_core.translation import Translation


def encode_messages_request(request: NormalizedRequest, translation: Translation) -> bytes:
    """The body, the same bytes each time.

    A request in this dialect is written as it came, but for reasoning of another origin that
    its client was given to keep, and a budget for thinking that could not do without it.

    Raises:
        InvalidRequestError: it asks for what Anthropic, or the model, cannot give.
    """
    try:
        own = request.source.dialect == DIALECT
        adapted = _own(request, translation) if own else adapted_request(request, translation)
        body = write_messages_request(adapted)
        return body if request.paused is None else continued(body, request.paused)
    except RecursionError as error:
        raise InvalidRequestError("the request is nested too deeply") from error


def _own(request: NormalizedRequest, translation: Translation) -> NormalizedRequest:
    request = without_foreign_reasoning(request, translation, param="messages[].content")
    if request.reasoning is not None and lacks_thinking(request.reasoning, request.turns):
        message = "the calls being answered came without the thinking before them"
        translation.dropped("thinking", message)
        reasoning = Reasoning(effort=request.reasoning.effort)
        request = msgspec.structs.replace(request, reasoning=reasoning)
    return request
