"""HTTP header lists, kept as the raw pairs ASGI and HTTP clients exchange.

Order and repetition are preserved; names are compared in lower case.
"""

from collections.abc import Iterable
from typing import TypeAlias

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""RFC 9110 section 7.6.1, plus the two obsolete `Proxy-Connection` and `Keep-Alive`."""

_NONE: frozenset[bytes] = frozenset()


def find_header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The first value of a header, `name` in lower case; None if it is absent."""
    for key, value in headers:
        if key == name or key.lower() == name:
            return value.decode("latin-1")
    return None


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers a proxy passes on: not hop-by-hop, nor any that `Connection` names.

    Names come back in lower case, as ASGI wants them.
    """
    lowered = [(key.lower(), value) for key, value in headers]
    named = named_by_connection(lowered)
    dropped = HOP_BY_HOP | named if named else HOP_BY_HOP
    return [pair for pair in lowered if pair[0] not in dropped]


def named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """The header names that `Connection` makes hop-by-hop; names in lower case."""
    values = [value for name, value in headers if name == b"connection"]
    if not values:
        return _NONE
    return frozenset(token.strip().lower() for value in values for token in value.split(b","))
