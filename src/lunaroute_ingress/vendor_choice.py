"""Whose client is asking, where the path alone does not say."""

from collections.abc import Iterable

from lunaroute_core import Headers
from lunaroute_core.credential_headers import CREDENTIAL_HEADERS
from lunaroute_core.dialects.dialect import Dialect


def dialect_of_client(
    path: str, headers: Headers, *, dialects: Iterable[Dialect]
) -> Dialect | None:
    """The first dialect of the vendor whose client sent this; None when nothing tells.

    A header that only one vendor's clients send decides, then the shape of the key, then the
    path.
    """
    candidates = list(dialects)
    names = {name for name, _ in headers}
    for dialect in candidates:
        if names & dialect.vendor.client_headers:
            return dialect
    keys = [value.removeprefix(b"Bearer ") for name, value in headers if name in CREDENTIAL_HEADERS]
    for dialect in candidates:
        if any(key.startswith(dialect.vendor.key_prefixes) for key in keys):
            return dialect
    for dialect in candidates:
        if path.startswith(dialect.vendor.path_prefixes):
            return dialect
    return None
