"""W3C Trace Context (Recommendation of 23 November 2021), level 1."""

import re
import secrets

from lunaroute_core import Headers
from lunaroute_core.headers import find_header

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


def continued_trace(headers: Headers) -> str | None:
    """The `traceparent` to send upstream: the client's trace, with this gateway as the parent.

    None when the client sent none, or one that the standard says to ignore.
    """
    received = find_header(headers, b"traceparent")
    if received is None:
        return None
    match = _TRACEPARENT.fullmatch(received.strip())
    if match is None or not int(match[1], 16) or not int(match[2], 16):
        return None
    return f"00-{match[1]}-{secrets.token_hex(8)}-{match[3]}"
