"""Whose key goes upstream."""

from functools import cache
from itertools import cycle

from lunaroute_core.credential_headers import CREDENTIAL_HEADERS
from lunaroute_core.dialects.registry import DIALECTS, dialect_named
from lunaroute_core.headers import Headers
from lunaroute_core.model_request import ModelRequest

_PASSED_ON = CREDENTIAL_HEADERS | {b"cookie"}


class KeyRing:
    """A provider's own keys, used in turn."""

    def __init__(self, keys: tuple[str, ...] = ()) -> None:
        self._keys = cycle(keys) if keys else None

    def __bool__(self) -> bool:
        return self._keys is not None

    def next(self) -> str | None:
        return next(self._keys) if self._keys is not None else None


def client_credentials(request: ModelRequest, *, vendor: str) -> Headers:
    """The client's credential headers, if they were meant for `vendor`.

    A client's credential belongs to the vendor whose dialect the client speaks; it never
    leaves for another one, whatever the route. A key whose shape names its vendor
    (`sk-ant-…`, `sk-proj-…`) is held to that as well.
    """
    if dialect_named(request.context.client_dialect).vendor.name != vendor:
        return ()
    sent = [pair for pair in request.headers if pair[0] in _PASSED_ON]
    foreign = _foreign_prefixes(vendor)
    return tuple([pair for pair in sent if not _key(pair[1]).startswith(foreign)])


def _key(value: bytes) -> bytes:
    """A header's key, without the authentication scheme before it."""
    value = value.strip()
    scheme, _, key = value.partition(b" ")
    return key.strip() if key and scheme.lower() in (b"bearer", b"basic") else value


@cache
def _foreign_prefixes(vendor: str) -> tuple[bytes, ...]:
    """How the keys of all other vendors begin."""
    vendors = {dialect.vendor.name: dialect.vendor for dialect in DIALECTS.values()}
    others = [other for name, other in vendors.items() if name != vendor]
    return tuple(prefix for other in others for prefix in other.key_prefixes)
