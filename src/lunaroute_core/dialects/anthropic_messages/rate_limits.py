"""Anthropic's rate limit headers.

`anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}` for
keys: counts, and the time, in RFC 3339, at which the limit is whole again. Source: Anthropic,
"Rate limits", section "Response headers". For subscriptions
`anthropic-ratelimit-unified-{status,reset}`, and the same for each window (`unified-5h`,
`unified-7d`): `rejected` and the Unix time at which the window begins anew. These are not
documented; source: answers of the vendor that several clients' issues quote.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from lunaroute_core.headers import Headers, find_header
from lunaroute_core.rate_limits import RateLimit, share_left
from lunaroute_core.retry_after import answered_at, finite_number

_PREFIX = b"anthropic-ratelimit-"
_COUNTED = (b"requests", b"tokens", b"input-tokens", b"output-tokens")
_WINDOWS = (b"unified", b"unified-5h", b"unified-7d")


def rate_limits(headers: Headers) -> Iterator[RateLimit]:
    """The limits of which an answer says when they are whole again."""
    for counted in _COUNTED:
        remaining = finite_number(_find(headers, counted, b"remaining"))
        limit = finite_number(_find(headers, counted, b"limit"))
        yield from _limit(headers, counted, left=share_left(remaining, limit))
    for window in _WINDOWS:
        if _find(headers, window, b"status") == "rejected":
            yield from _limit(headers, window, left=0.0)


def _limit(headers: Headers, name: bytes, *, left: float | None) -> Iterator[RateLimit]:
    moment = _moment(_find(headers, name, b"reset"))
    if moment is not None:
        yield RateLimit(reset=max(0.0, moment - answered_at(headers)), left=left)


def _find(headers: Headers, name: bytes, what: bytes) -> str | None:
    return find_header(headers, _PREFIX + name + b"-" + what)


def _moment(text: str | None) -> float | None:
    """The Unix time; None for what is none."""
    seconds = finite_number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
