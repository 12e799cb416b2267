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
    kept: list[tuple[bytes, bytes]] = []
    named: set[bytes] = set()
    for key, value in headers:
        name = key.lower()
        if name not in HOP_BY_HOP:
            kept.append((name, value))
        elif name == b"connection":
            named.update([token.strip() for token in value.lower().split(b",")])
    return [pair for pair in kept if pair[0] not in named] if named else kept
