"""The error tree.

::

    LunaRouteError
    ├── ConfigurationError          a file, variable or argument is wrong
    ├── RequestError                the client's request cannot be served as it is
    │   ├── InvalidRequestError     400, names the field
    │   └── RequestTooLargeError    413
    ├── ProviderError               an upstream did not give a good answer
    │   ├── UpstreamAnsweredError   it answered, with an error
    │   ├── UpstreamUnavailableError  it could not be reached
    │   ├── UpstreamTimeoutError    a deadline passed
    │   ├── UpstreamProtocolError   it answered something that is no answer
    │   └── NoDeploymentError       all that could be asked are resting
    └── StateStoreError             a state store is locked, full, damaged or out of reach

Wire errors are rendered once, by the client's dialect codec, from `details`.
"""

from enum import StrEnum

from msgspec import Struct

from lunaroute_core.wire import WireResponse


class ErrorKind(StrEnum):
    """What went wrong, in terms that both vendors' vocabularies map onto."""

    INVALID_REQUEST = "invalid_request"
    CONTEXT_TOO_LONG = "context_too_long"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    BILLING = "billing"
    """Money or quota is used up: waiting does not help, another account does."""
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    SERVER = "server"
    UNAVAILABLE = "unavailable"
    """The gateway could not reach the upstream."""
    PROTOCOL = "protocol"
    """The upstream's answer could not be understood."""


KINDS_BY_STATUS = {
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.BILLING,
    403: ErrorKind.PERMISSION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    409: ErrorKind.CONFLICT,
    413: ErrorKind.TOO_LARGE,
    429: ErrorKind.RATE_LIMIT,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}
"""What a status says by itself, whoever answers it; of other statuses it is only whose fault it
was."""


class ErrorDetails(Struct, frozen=True, kw_only=True):
    """One error, free of any dialect.

    `status` is the HTTP status the upstream gave, None for the gateway's own errors,
    whose status follows from `kind`. `retry_after` is in seconds.
    """

    kind: ErrorKind
    message: str
    status: int | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
    request_id: str | None = None
    """The upstream's own id of the request."""
    should_retry: bool | None = None


class LunaRouteError(Exception):
    """Everything this package raises on purpose."""


class ConfigurationError(LunaRouteError):
    """A setting is wrong. `source` is the file or variable, `path` the key inside it."""

    def __init__(self, reason: str, *, source: str | None = None, path: str | None = None) -> None:
        self.reason = reason
        self.source = source
        self.path = path
        place = ": ".join(part for part in (source, path) if part)
        super().__init__(f"{place}: {reason}" if place else reason)


class RequestError(LunaRouteError):
    """The client's request cannot be served as it is; no upstream was asked."""

    def __init__(self, details: ErrorDetails) -> None:
        self.details = details
        super().__init__(details.message)


class InvalidRequestError(RequestError):
    """A field is missing, malformed or out of range; `param` is its path."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        kind = ErrorKind.INVALID_REQUEST
        super().__init__(ErrorDetails(kind=kind, message=message, param=param, code=code))


class RequestTooLargeError(RequestError):
    def __init__(self, *, limit: int) -> None:
        message = f"request body is larger than the limit of {limit} bytes"
        super().__init__(ErrorDetails(kind=ErrorKind.TOO_LARGE, message=message))


class ProviderError(LunaRouteError):
    """An upstream did not give a good answer.

    `wire` is what it answered, byte for byte, when it answered at all, so that a client
    of the same dialect sees the vendor's own words. `own_credentials`: it refused a key of
    the operator's (401, 403), about which the client can do nothing.
    """

    def __init__(
        self,
        details: ErrorDetails,
        *,
        provider: str,
        wire: WireResponse | None = None,
        own_credentials: bool = False,
    ) -> None:
        self.details = details
        self.provider = provider
        self.wire = wire
        self.own_credentials = own_credentials
        super().__init__(f"{provider}: {details.message}")

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, as the upstream asked."""
        return self.details.retry_after


class UpstreamAnsweredError(ProviderError):
    """The upstream answered with an error status, or with an error event before any content."""


class UpstreamUnavailableError(ProviderError):
    """Refused, unresolvable, TLS failure, or reset before an answer."""

    def __init__(self, message: str, *, provider: str) -> None:
        details = ErrorDetails(kind=ErrorKind.UNAVAILABLE, message=message)
        super().__init__(details, provider=provider)


class UpstreamTimeoutError(ProviderError):
    """A deadline passed. `phase` is `connect`, `first_byte`, `first_content`, `idle` or `total`."""

    def __init__(self, *, phase: str, seconds: float, provider: str) -> None:
        self.phase = phase
        message = f"upstream response timed out: {phase} deadline of {seconds:g} s"
        details = ErrorDetails(kind=ErrorKind.TIMEOUT, message=message)
        super().__init__(details, provider=provider)


class UpstreamProtocolError(ProviderError):
    """Truncated, malformed, of the wrong type, or past a size limit."""

    def __init__(self, message: str, *, provider: str) -> None:
        details = ErrorDetails(kind=ErrorKind.PROTOCOL, message=message)
        super().__init__(details, provider=provider)


class NoDeploymentError(ProviderError):
    """A route has nothing that could be asked now; no upstream was. `provider` is the route."""


class StateStoreError(LunaRouteError):
    """A state store cannot do what it was asked.

    `source` is the file or server behind it, None where that is not to blame.
    """

    def __init__(self, reason: str, *, source: str | None = None) -> None:
        self.reason = reason
        self.source = source
        super().__init__(f"{source}: {reason}" if source else reason)
