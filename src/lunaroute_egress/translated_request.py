"""A request for an upstream that does not speak its client's dialect."""

from collections.abc import Sequence

from lunaroute_core import ModelRequest, WireRequest
from lunaroute_core.answer_stages import AnswerStage
from lunaroute_core.capabilities import Capabilities
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.translation import Translation


def translated(
    request: ModelRequest, *, dialect: str, strict: bool, capabilities: Capabilities
) -> tuple[WireRequest, Sequence[AnswerStage] | None]:
    """The same request in the words of another dialect, and what is to be done to its answer, None if that
    can go to the client as it comes. What could not go with it is noted in its context.

    What is to be done to an answer that goes on is known already to whom it belongs.

    Raises:
        InvalidRequestError: it asks for what the dialect, or the model, cannot give.
    """
    target = dialect_named(dialect)
    translation = Translation(
        capabilities=capabilities, strict=strict, warnings=request.context.warnings
    )
    normalized = request.normalized
    body = target.requests.encode(normalized, translation)
    source = dialect_named(request.context.client_dialect)
    headers = request.headers
    if source.vendor is not target.vendor:
        user_agent = dict(headers).get(b"user-agent")  # the one that means the same to all
        headers = () if user_agent is None else ((b"user-agent", user_agent),)
    wire = WireRequest(dialect=dialect, path=target.paths[0], body=body, headers=headers)
    stages = translation.stages if normalized.paused is None else []
    unchanged = dialect == request.context.client_dialect and not stages
    return wire, None if unchanged else stages
