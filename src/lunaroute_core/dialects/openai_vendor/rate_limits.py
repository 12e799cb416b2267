"""OpenAI's rate limit headers, which compatible servers send too.

`x-ratelimit-{limit,remaining,reset}-{requests,tokens}`: counts, and the time until the limit is
whole again, as `1s`, `6m0s`, `1h2m3.5s` or `120ms`; some servers give a plain number of seconds.
Source: OpenAI, "Rate limits", section "Rate limits in headers".
"""

import re
from collections.abc import Iterator

from lunaroute_core.headers import Headers, find_header
from lunaroute_core.rate_limits import RateLimit, share_left
from lunaroute_core.retry_after import finite_number

_COUNTED = (b"requests", b"tokens")
_NUMBER = r"(\d{1,12}(?:\.\d{1,12})?)"
_DURATION = re.compile(
    rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?"
)
_SECONDS = (86400.0, 3600.0, 60.0, 1.0, 0.001)


def openai_rate_limits(headers: Headers) -> Iterator[RateLimit]:
    """The limits of which an answer says when they are whole again."""
    for counted in _COUNTED:
        reset = read_duration(find_header(headers, b"x-ratelimit-reset-" + counted))
        if reset is None:
            continue
        remaining = finite_number(find_header(headers, b"x-ratelimit-remaining-" + counted))
        limit = finite_number(find_header(headers, b"x-ratelimit-limit-" + counted))
        yield RateLimit(reset=reset, left=share_left(remaining, limit))


def read_duration(text: str | None) -> float | None:
    """Seconds; None for what is no duration."""
    if not text:
        return None
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return finite_number(text)
    return sum(
        float(number) * seconds
        for number, seconds in zip(match.groups(), _SECONDS, strict=True)
        if number
    )
