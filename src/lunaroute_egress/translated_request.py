"""A request for an upstream that does not speak its client's dialect."""

import attrs

from lunaroute_core import ModelRequest, WireRequest
from lunaroute_core.capabilities import Profiles, capabilities_of
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.headers import Headers
from lunaroute_core.translation import Translation

_NEUTRAL = frozenset({b"user-agent"})
"""Headers that mean the same to every vendor."""


def translated(
    request: ModelRequest, *, dialect: str, strict: bool, profiles: Profiles
) -> ModelRequest:
    """The same request in another dialect; what could not go with it is noted in its context.

    Raises:
        InvalidRequestError: it asks for what the dialect, or the model, cannot give.
    """
    target = dialect_named(dialect)
    translation = Translation(
        capabilities=capabilities_of(dialect, request.model, own=profiles),
        strict=strict,
        warnings=request.context.warnings,
    )
    body = target.requests.encode(request.normalized, translation)
    headers: Headers = ()
    if request.wire is not None:
        same_vendor = dialect_named(request.wire.dialect).vendor is target.vendor
        headers = request.wire.headers if same_vendor else _neutral(request.wire.headers)
    wire = WireRequest(dialect=dialect, path=target.paths[0], body=body, headers=headers)
    return attrs.evolve(request, wire=wire)


def _neutral(headers: Headers) -> Headers:
    return tuple(pair for pair in headers if pair[0] in _NEUTRAL)
