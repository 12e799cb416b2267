"""How long an upstream asks to wait.

`retry-after-ms` (milliseconds, sent by both vendors) goes before `Retry-After`, which is a
number of seconds or an HTTP date (RFC 9110, 10.2.3); both SDKs read them in this order.
"""

import math
import time
from datetime import UTC
from email.utils import parsedate_to_datetime

from lunaroute_core.headers import Headers, find_header

MAX_RETRY_AFTER = 172_800.0
"""Two days: no vendor means longer waits, and a clock that is wrong easily says so."""


def parse_retry_after(headers: Headers, *, now: float | None = None) -> float | None:
    """The wait in seconds, from 0 to `MAX_RETRY_AFTER`; None when none is asked for.

    Args:
        headers: the answer's headers.
        now: Unix time against which a date is read; by default the answer's own `Date`,
            so that no two clocks need to agree, and the system clock without one.
    """
    milliseconds = finite_number(find_header(headers, b"retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    value = find_header(headers, b"retry-after")
    seconds = finite_number(value)
    if seconds is not None:
        return _bounded(seconds)
    moment = _unix_time(value)
    if moment is None:
        return None
    return _bounded(moment - (answered_at(headers) if now is None else now))


def answered_at(headers: Headers) -> float:
    """The Unix time of an answer: its own `Date`, else the system clock."""
    date = _unix_time(find_header(headers, b"date"))
    return time.time() if date is None else date


def finite_number(text: str | None) -> float | None:
    """A header's number; None for what is none, infinities included."""
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _unix_time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
        # A zone of -0000, or none, is read as UTC, never as this machine's own.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
