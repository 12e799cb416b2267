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
    _wire: WireRequest | None = field(default=None, alias="wire")
    operation: Operation = Operation.GENERATE
    limits: RequestLimits = DEFAULT_LIMITS
    _normalized: NormalizedRequest | None = field(default=None, alias="normalized")
    _original: "ModelRequest | None" = field(default=None, alias="original", repr=False)
    """The request this one is but for model and context, so that both together decode once."""
    _headers: Headers = field(default=(), alias="headers", repr=False)
    _renamed: bool = field(default=False, alias="renamed", repr=False)
    """Whether the wire view still names another model: one that is not sent never changes."""

    @property
    def wire(self) -> WireRequest | None:
        """The wire view, with this request's model in it."""
        if self._renamed and self._wire is not None:
            self._wire = _named(self._wire, self.model, operation=self.operation)
            self._renamed = False
        return self._wire

    @property
    def wire_dialect(self) -> str | None:
        """The wire view's dialect, None where there is no such view."""
        return None if self._wire is None else self._wire.dialect

    @property
    def headers(self) -> Headers:
        """What the client sent, credentials included, also when the wire view is gone."""
        return self._headers if self._wire is None else self._wire.headers

    @property
    def normalized(self) -> NormalizedRequest:
        """The normalized view, decoded on first use.

        Raises:
            InvalidRequestError: the body cannot be understood.
        """
        if self._normalized is not None:
            return self._normalized
        if self._original is not None:
            decoded = self._original.normalized
            self._normalized = msgspec.structs.replace(decoded, model=self.model)
        else:
            wire = self._wire  # as it is: only a request with an original gets renamed
            if wire is None:
                raise ValueError("a request needs a wire or a normalized view")
            self._normalized = dialect_named(wire.dialect).requests.decode(
                wire.body, headers=wire.headers, limits=self.limits
            )
        return self._normalized

    @property
    def continues_tool_loop(self) -> bool:
        """Whether the client hands back tool results, and no message of the user's after them.

        Raises:
            InvalidRequestError: the body cannot be understood.
        """
        if self._normalized is None and self._wire is not None:
            requests = dialect_named(self._wire.dialect).requests
            return requests.continues_tool_loop(self._wire.body)
        return self.normalized.continues_tool_loop

    def with_model(self, model: str) -> "ModelRequest":
        """The same request for another model; in the wire bytes only that value changes.

        A question about one model (`/v1/models/{id}`) names it in the path instead.
        """
        if model == self.model:
            return self
        # Written out: `attrs.evolve` takes three times as long.
        return ModelRequest(
            model=model,
            stream=self.stream,
            context=self.context,
            wire=self._wire,
            operation=self.operation,
            limits=self.limits,
            original=self._original or self,
            headers=self._headers,
            renamed=True,
        )

    def with_context(self, context: RequestContext) -> "ModelRequest":
        """The same request in other circumstances; both together decode once."""
        return ModelRequest(
            model=self.model,
            stream=self.stream,
            context=context,
            wire=self._wire,
            operation=self.operation,
            limits=self.limits,
            normalized=self._normalized,
            original=self._original or self,
            headers=self._headers,
            renamed=self._renamed,
        )

    def with_wire_body(self, body: bytes) -> "ModelRequest":
        """The same request with other wire bytes; a decoded view of the old ones is dropped."""
        if self._wire is None:
            raise ValueError("the request has no wire view")
        wire = msgspec.structs.replace(self._wire, body=body)
        return attrs.evolve(self, wire=wire, normalized=None, original=None, renamed=False)

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


def _named(wire: WireRequest, model: str, *, operation: Operation) -> WireRequest:
    """The same request for another model; a question about one model has it in its path."""
    if operation is Operation.LIST_MODELS:
        place, slash, _ = wire.path.partition("/models/")
        return msgspec.structs.replace(wire, path=f"{place}{slash}{quote(model, safe='/:@')}")
    body = dialect_named(wire.dialect).requests.replace_model(wire.body, model)
    return msgspec.structs.replace(wire, body=body)
