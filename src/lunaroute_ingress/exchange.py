"""One HTTP request and its answer, as the layers of the ingress know them."""

import time
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from starlette.types import Scope

from lunaroute_core import Headers, TranslationWarning, new_request_id

_KEY = "lunaroute.exchange"


class Exchange(Struct, kw_only=True):
    """Made by the edge, found in the ASGI scope, filled in on the way, logged at the end.

    Attributes:
        headers: the request's, names in lower case, as ASGI has them.
        first: the first value of each of them.
        received_at: monotonic time, in seconds.
        traceparent: what to send upstream; None when the client sent none.
        status: of the answer; None until it has begun.
        dialect, model, provider: who asked whom for what, where that is known.
        route: the route it took to the provider.
        attempts: how often an upstream was asked.
        outcome: `completed`, `failed` or `client_gone`.
        error: the kind of error, and `error_message` its text.
        warnings: what translation dropped or emulated; it grows as the request is served.
    """

    headers: Headers
    first: Mapping[bytes, bytes]
    request_id: str = field(default_factory=new_request_id)
    received_at: float = field(default_factory=time.monotonic)
    traceparent: str | None = None
    status: int | None = None
    dialect: str | None = None
    model: str | None = None
    provider: str | None = None
    route: str | None = None
    attempts: int | None = None
    outcome: str | None = None
    error: str | None = None
    error_message: str | None = None
    warnings: Sequence[TranslationWarning] = ()

    @classmethod
    def begin(cls, scope: Scope) -> "Exchange":
        """The exchange of a request that has just arrived."""
        headers: Headers = tuple(scope["headers"])
        exchange = cls(headers=headers, first=dict(headers[::-1]))
        scope[_KEY] = exchange
        return exchange

    def text(self, name: bytes) -> str | None:
        """The first value of a header, None if it is absent."""
        value = self.first.get(name)
        return None if value is None else value.decode("latin-1")


def exchange_of(scope: Scope) -> Exchange:
    """The exchange of a scope; a new one where no edge is in front."""
    exchange: Exchange | None = scope.get(_KEY)
    return Exchange.begin(scope) if exchange is None else exchange
