"""Whose client is asking, where the path alone does not say."""

from collections.abc import Callable, Iterable

from lunaroute_core import ErrorDetails, ErrorKind, Headers, RequestError
from lunaroute_core.credential_headers import CREDENTIAL_HEADERS
from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.vendor import Vendor


def dialect_of_client(
    path: str, headers: Headers, *, dialects: Iterable[Dialect]
) -> Dialect | None:
    """The first dialect of the vendor whose client sent this; None when nothing tells.

    A header that only one vendor's clients send decides, then the shape of the key, then the
    path. Of several vendors that fit alike it is the one that comes first in `dialects`.
    """
    first: dict[str, Dialect] = {}
    for dialect in dialects:
        first.setdefault(dialect.vendor.name, dialect)
    names = {name for name, _ in headers}
    keys = [value.removeprefix(b"Bearer ") for name, value in headers if name in CREDENTIAL_HEADERS]
    signs: tuple[Callable[[Vendor], bool], ...] = (
        lambda vendor: not names.isdisjoint(vendor.client_headers),
        lambda vendor: any(key.startswith(vendor.key_prefixes) for key in keys),
        lambda vendor: vendor.owns_path(path),
    )
    fits = (one for tells in signs for one in first.values() if tells(one.vendor))
    return next(fits, None)


def check_served(dialect: Dialect, *, served: Iterable[Dialect]) -> None:
    """Raise RequestError unless the client's vendor is served.

    What was meant for one vendor, its client's credential above all, must not reach another.
    """
    if dialect not in served:
        vendor = dialect.vendor.name
        raise RequestError(
            ErrorDetails(
                kind=ErrorKind.NOT_FOUND, message=f"the gateway does not serve {vendor}'s clients"
            )
        )
