"""Which web pages may call the gateway (Fetch standard, "CORS protocol")."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from attrs import frozen

from lunaroute_core import ErrorDetails, ErrorKind, Headers
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

    def refusal(self, origin: str) -> ErrorDetails | None:
        """Why a request from a page of this origin is refused; None if it is not."""
        if self._allows(origin):
            return None
        return ErrorDetails(
            kind=ErrorKind.PERMISSION,
            message=f"Origin: pages of {origin[:200]!r} may not call this gateway; allow them in"
            " http_server.allowed_origins",
            param="Origin",
        )

    def answer_headers(self, origin: str) -> Headers:
        """What an answer to an allowed page carries."""
        if not self._allows(origin):
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


def is_preflight(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser only asks whether it may ask."""
    return method == "OPTIONS" and b"access-control-request-method" in headers


def preflight_answer(headers: Mapping[bytes, bytes]) -> Answer:
    """Everything an allowed page wants to send, it may."""
    allow = [
        (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
        (b"access-control-max-age", _MAX_AGE_SECONDS),
    ]
    wanted = headers.get(b"access-control-request-headers")
    if wanted is not None:
        allow.append((b"access-control-allow-headers", wanted))
    return Answer(204, tuple(allow), b"")
