"""What an upstream says of its limits, where it does not say how long to wait."""

from collections.abc import Iterable

from msgspec import Struct

from lunaroute_core.errors import ErrorDetails, ErrorKind
from lunaroute_core.retry_after import MAX_RETRY_AFTER

_REFUSED_FOR_NOW = frozenset({429, 503, 529})


class RateLimit(Struct, frozen=True, kw_only=True):
    """One limit. `reset` is in seconds from the answer on; `left` the share that is left, from 0 to
    1, None where that is not known.
    """

    reset: float
    left: float | None = None


def wait_for_limits(limits: Iterable[RateLimit], error: ErrorDetails) -> float | None:
    """How long to wait after an error, from 0 to `MAX_RETRY_AFTER` seconds; None: not known.

    All limits hold at once, so that the last of those that are used up counts. Where none is,
    the request asked for more than is left of one, which is taken to be the one of which the
    least is left; only for a refusal that is about limits, since an overloaded upstream has others.
    """
    if error.status not in _REFUSED_FOR_NOW:
        return None
    if error.kind not in (ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED):
        return None
    known = [limit for limit in limits if limit.left is not None]
    resets = [limit.reset for limit in known if limit.left == 0]
    if not resets and error.kind is ErrorKind.RATE_LIMIT and known:
        resets = [min(known, key=_share_left).reset]
    return min(max(0.0, *resets), MAX_RETRY_AFTER) if resets else None


def _share_left(limit: RateLimit) -> float:
    return 1.0 if limit.left is None else limit.left


def share_left(remaining: float | None, limit: float | None) -> float | None:
    """What is left of a limit that is given as counts; None where it is not known."""
    if remaining is None:
        return None
    if remaining <= 0:
        return 0.0
    return min(1.0, remaining / limit) if limit else None
