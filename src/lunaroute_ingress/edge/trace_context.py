"""W3C Trace Context (Recommendation of 23 November 2021), level 1."""

import re
import secrets

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


def continued_trace(received: bytes) -> str | None:
    """The `traceparent` to send upstream, for the one received.

    It goes on with the client's trace, with this gateway as the parent.

    None for one that the standard says to ignore.
    """
    match = _TRACEPARENT.fullmatch(received.decode("latin-1").strip())
    if match is None or not int(match[1], 16) or not int(match[2], 16):
        return None
    return f"00-{match[1]}-{secrets.token_hex(8)}-{match[3]}"
