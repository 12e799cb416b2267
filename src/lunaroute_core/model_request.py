"""The request envelope: one request with a wire view and a normalized view.

Either view may be missing and is derived on first use, so that a call nobody inspects is
never decoded and an inspected one is decoded once.
"""

from enum import StrEnum
from urllib.parse import quote

import attrs
import msgspec
from attrs import define, field

from lunaroute_core.context import RequestContext
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.headers import Headers
from lunaroute_core.model import NormalizedRequest
from lunaroute_core.request_limits import DEFAULT_LIMITS, RequestLimits
from lunaroute_core.wire import WireRequest


class Operation(StrEnum):
    """What is asked of a provider."""

    GENERATE = "generate"
    COUNT_TOKENS = "count_tokens"
    LIST_MODELS = "list_models"
    FORWARD = "forward"
    """Any other vendor endpoint: bytes in, bytes out, nothing understood."""


@define(kw_only=True)
class ModelRequest:
    """One request on its way to a provider.

    Construct it with `wire`, with `normalized`, or with both when they say the same.
    """

    model: str
    stream: bool
    context: RequestContext
    wire: WireRequest | None = None
    operation: Operation = Operation.GENERATE
    limits: RequestLimits = DEFAULT_LIMITS
    _normalized: NormalizedRequest | None = field(default=None, alias="normalized")
    _original: "ModelRequest | None" = field(default=None, alias="original", repr=False)
    """The request this one is but for the model, so that both together decode once."""
    _headers: Headers = field(default=(), alias="headers", repr=False)

    @property
    def headers(self) -> Headers:
        """What the client sent, credentials included, also when the wire view is gone."""
        return self._headers if self.wire is None else self.wire.headers

    @property
    def normalized(self) -> NormalizedRequest:
        """The normalized view, decoded on first use.

        Raises:
            InvalidRequestError: the body cannot be understood.
        """
        if self._normalized is None and self._original is not None:
            decoded = self._original.normalized
            self._normalized = msgspec.structs.replace(decoded, model=self.model)
        if self._normalized is None:
            if self.wire is None:
                raise ValueError("a request needs a wire or a normalized view")
            codec = dialect_named(self.wire.dialect)
            self._normalized = codec.requests.decode(
                self.wire.body, headers=self.wire.headers, limits=self.limits
            )
        return self._normalized

    def with_model(self, model: str) -> "ModelRequest":
        """The same request for another model; in the wire bytes only that value changes.

        A question about one model (`/v1/models/{id}`) names it in the path instead.
        """
        if model == self.model:
            return self
        wire, normalized = self.wire, self._normalized
        if wire is not None and self.operation is Operation.LIST_MODELS:
            place, slash, _ = wire.path.partition("/models/")
            path = f"{place}{slash}{quote(model, safe='/:@')}"
            wire = msgspec.structs.replace(wire, path=path)
        elif wire is not None:
            body = dialect_named(wire.dialect).requests.replace_model(wire.body, model)
            wire = msgspec.structs.replace(wire, body=body)
        if normalized is not None:
            normalized = msgspec.structs.replace(normalized, model=model)
        original = self._original or self
        return attrs.evolve(self, model=model, wire=wire, normalized=normalized, original=original)

    def with_wire_body(self, body: bytes) -> "ModelRequest":
        """The same request with other wire bytes; a decoded view of the old ones is dropped."""
        if self.wire is None:
            raise ValueError("the request has no wire view")
        wire = msgspec.structs.replace(self.wire, body=body)
        return attrs.evolve(self, wire=wire, normalized=None, original=None)

    def with_normalized(self, normalized: NormalizedRequest) -> "ModelRequest":
        """The same request with other content: the wire view is dropped."""
        return attrs.evolve(
            self,
            model=normalized.model,
            wire=None,
            normalized=normalized,
            original=None,
            headers=self.headers,
        )
