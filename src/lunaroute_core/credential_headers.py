"""The headers in which clients send their keys."""

from collections.abc import Iterable

CREDENTIAL_HEADERS = frozenset({b"authorization", b"x-api-key", b"api-key"})


def has_credential(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a client brought a key, header names in lower case."""
    return any(name in CREDENTIAL_HEADERS for name, _ in headers)
