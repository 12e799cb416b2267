"""A count of input tokens where no vendor gives one."""

from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.model_response import ModelResponse
from lunaroute_core.token_estimate import estimate_tokens
from lunaroute_core.wire import WireResponse

ESTIMATED = (b"x-lunaroute-token-count", b"estimated")
"""Tells a client that the number is not the vendor's."""


def estimated_count(request: ModelRequest, *, provider: str) -> ModelResponse | None:
    """The estimate, as the client's dialect writes a count, under the header `ESTIMATED`.

    None where that dialect has no such answer.

    Raises:
        InvalidRequestError: the body cannot be understood.
    """
    dialect = dialect_named(request.context.client_dialect)
    if dialect.token_count is None:
        return None
    body = dialect.token_count.encode(estimate_tokens(request.normalized))
    wire = WireResponse(
        dialect=dialect.name,
        status=200,
        headers=((b"content-type", b"application/json"), ESTIMATED),
        body=body,
        content=body,
    )
    return ModelResponse(provider=provider, model=request.model, wire=wire)
