"""What an error means for routing: whose fault it was, and what to do next.

The kinds come from the dialects' own error tables, so that a vendor's word is read once. A
client's fault never counts against a provider; money that is used up is no overload.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lunaroute_core import ErrorKind, ProviderError, RequestError, UpstreamTimeoutError

Fault = Literal["client", "account", "upstream"]
Rest = Literal["nothing", "model", "account"]


class Verdict(Struct, frozen=True, kw_only=True):
    """What to do after an error.

    Attributes:
        fault: whose it was; only an upstream's counts for breaker and health.
        retry: whether the same deployment may answer when asked again.
        fall_back: whether another deployment may.
        rest: what is left alone for a while: nothing, the model, or the whole account.
    """

    fault: Fault
    retry: bool = False
    fall_back: bool = True
    rest: Rest = "nothing"


_GIVE_UP = Verdict(fault="client", fall_back=False)
_ELSEWHERE = Verdict(fault="client")
_ACCOUNT = Verdict(fault="account", rest="account")
_UPSTREAM = Verdict(fault="upstream", retry=True)

VERDICTS: dict[ErrorKind, Verdict] = {
    ErrorKind.INVALID_REQUEST: _GIVE_UP,
    ErrorKind.AUTHENTICATION: _GIVE_UP,
    ErrorKind.PERMISSION: _GIVE_UP,
    # Another model may have room for it, or the model that this one has not.
    ErrorKind.CONTEXT_TOO_LONG: _ELSEWHERE,
    ErrorKind.TOO_LARGE: _ELSEWHERE,
    ErrorKind.NOT_FOUND: _ELSEWHERE,
    # Another request holds what this one needs; the vendors' SDKs ask again too.
    ErrorKind.CONFLICT: Verdict(fault="client", retry=True, fall_back=False),
    ErrorKind.BILLING: _ACCOUNT,
    ErrorKind.RATE_LIMIT: Verdict(fault="account", retry=True, rest="model"),
    ErrorKind.OVERLOADED: _UPSTREAM,
    ErrorKind.TIMEOUT: _UPSTREAM,
    ErrorKind.SERVER: _UPSTREAM,
    ErrorKind.UNAVAILABLE: _UPSTREAM,
    ErrorKind.PROTOCOL: _UPSTREAM,
}

_MOST_USEFUL = (
    ErrorKind.INVALID_REQUEST,
    ErrorKind.CONTEXT_TOO_LONG,
    ErrorKind.TOO_LARGE,
    ErrorKind.NOT_FOUND,
    ErrorKind.CONFLICT,
    ErrorKind.RATE_LIMIT,
    ErrorKind.OVERLOADED,
    ErrorKind.SERVER,
    ErrorKind.TIMEOUT,
    ErrorKind.PROTOCOL,
    ErrorKind.UNAVAILABLE,
    ErrorKind.BILLING,
    ErrorKind.PERMISSION,
    ErrorKind.AUTHENTICATION,
)
"""Of several errors the client is told the first of these: what it can mend itself, then what
it can wait for, and last what only the operator can do something about."""


def verdict_of(error: ProviderError | RequestError) -> Verdict:
    """What an error means for the deployment that gave it, and for the request."""
    if isinstance(error, RequestError):
        # Nothing was sent: this deployment cannot be asked such a thing, another perhaps can.
        return _ELSEWHERE
    details = error.details
    verdict = VERDICTS[details.kind]
    if error.own_credentials and details.kind in (ErrorKind.AUTHENTICATION, ErrorKind.PERMISSION):
        return _ACCOUNT
    if details.kind is ErrorKind.OVERLOADED and details.retry_after is not None:
        verdict = replace(verdict, rest="model")
    if isinstance(error, UpstreamTimeoutError) and error.phase != "connect":
        # It has had all the time there was.
        verdict = replace(verdict, retry=False)
    if details.should_retry is not None and verdict.retry != details.should_retry:
        verdict = replace(verdict, retry=details.should_retry)
    return verdict


def most_useful(errors: list[ProviderError | RequestError]) -> ProviderError | RequestError:
    """The one of at least one error that the client is told; of equal ones the one that asks
    for the shortest wait, then the first.
    """
    return min(errors, key=_uselessness)


def _uselessness(error: ProviderError | RequestError) -> tuple[bool, int, float]:
    details = error.details
    wait = float("inf") if details.retry_after is None else details.retry_after
    return isinstance(error, RequestError), _MOST_USEFUL.index(details.kind), wait
