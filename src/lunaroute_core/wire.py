"""The wire views of a request and of an answer: bytes and headers, untouched."""

from msgspec import Struct

from lunaroute_core.headers import Headers


class WireRequest(Struct, frozen=True, kw_only=True):
    """A request as the client sent it.

    `path` is the vendor's path (`/v1/messages`), `query` the raw query string without
    its question mark, `headers` everything received, credentials included: what is
    forwarded is decided where the upstream is known.
    """

    dialect: str
    path: str
    body: bytes
    method: str = "POST"
    query: bytes = b""
    headers: Headers = ()


class WireResponse(Struct, frozen=True, kw_only=True):
    """An answer as the upstream sent it.

    `body` is what goes to a client of the same dialect, still in the content encoding
    the headers name; `content` is the same, decoded, where it had to be read.
    """

    dialect: str
    status: int
    headers: Headers
    body: bytes
    content: bytes | None = None
