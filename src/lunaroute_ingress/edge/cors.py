"""Which web pages may call the gateway (Fetch standard, "CORS protocol")."""

from urllib.parse import urlsplit

from attrs import frozen

from lunaroute_core import ErrorDetails, ErrorKind, Headers
from lunaroute_core.headers import find_header
from lunaroute_ingress.answers import Answer
from lunaroute_ingress.edge.host_check import is_local

_MAX_AGE_SECONDS = b"600"


@frozen(kw_only=True)
class Cors:
    """Pages of this machine may call, and those of `allowed`; no others.

    Others are refused outright, not only kept from reading the answer: a page could else
    spend the keys of whoever visits it.

    Attributes:
        allowed: origins such as `https://app.example.com`, or `*` for all.
    """

    allowed: frozenset[str] = frozenset()

    def refusal(self, headers: Headers) -> ErrorDetails | None:
        """Why the request is refused; None if it is not."""
        origin = find_header(headers, b"origin")
        if origin is None or self._allows(origin):
            return None
        return ErrorDetails(
            kind=ErrorKind.PERMISSION,
            message=f"Origin: pages of {origin[:200]!r} may not call this gateway; allow them in"
            " http_server.allowed_origins",
            param="Origin",
        )

    def preflight(self, method: str, headers: Headers) -> Answer | None:
        """The answer to a browser that asks first; None for other requests."""
        if method != "OPTIONS" or find_header(headers, b"access-control-request-method") is None:
            return None
        wanted = find_header(headers, b"access-control-request-headers")
        allow = [
            (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
            (b"access-control-max-age", _MAX_AGE_SECONDS),
        ]
        if wanted is not None:
            allow.append((b"access-control-allow-headers", wanted.encode("latin-1")))
        return Answer(204, tuple(allow), b"")

    def answer_headers(self, headers: Headers) -> Headers:
        """What an answer to an allowed page carries."""
        origin = find_header(headers, b"origin")
        if origin is None or not self._allows(origin):
            return ()
        return (
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", b"*"),
            (b"vary", b"Origin"),
        )

    def _allows(self, origin: str) -> bool:
        if origin in self.allowed or "*" in self.allowed:
            return True
        try:
            return is_local(urlsplit(origin).hostname or "")
        except ValueError:
            return False
