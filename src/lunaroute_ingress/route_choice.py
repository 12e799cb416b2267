"""What a client says of a request's route, beside the request itself."""

import re
from urllib.parse import unquote_plus

from lunaroute_core import Headers, InvalidRequestError
from lunaroute_ingress.exchange import Exchange

MAX_TAGS = 16
_TAG = re.compile(r"[A-Za-z0-9._:/=-]{1,64}")
_ROUTE = "route"


def route_override(exchange: Exchange, query: bytes = b"") -> str | None:
    """What `X-Luna-Route` names, or else the query parameter `route`; None where neither does.

    Raises:
        InvalidRequestError: they name different things.
    """
    header = exchange.text(b"x-luna-route")
    if not _may_hold_ours(query):
        return header or None
    asked = [unquote_plus(value.decode("latin-1")) for key, value in _pairs(query) if _is_ours(key)]
    named = {name for name in (header, *asked) if name}
    if len(named) > 1:
        both = " and ".join(sorted(map(repr, named)))
        raise InvalidRequestError(f"{_ROUTE}: names different routes, {both}", param=_ROUTE)
    return next(iter(named), None)


def upstream_query(query: bytes) -> bytes:
    """A query string without the parameter that is for the gateway; the rest stays as it is."""
    if not _may_hold_ours(query):
        return query
    return b"&".join(pair for pair in query.split(b"&") if not _is_ours(pair.partition(b"=")[0]))


def tags_of(headers: Headers) -> tuple[str, ...]:
    """The tags in `X-Luna-Tags`, each once, in order.

    Raises:
        InvalidRequestError: there are too many, or one has characters that tags do not have.
    """
    values = [value.decode("latin-1") for name, value in headers if name == b"x-luna-tags"]
    given = (tag.strip() for value in values for tag in value.split(","))
    tags = tuple(dict.fromkeys(tag for tag in given if tag))
    if len(tags) > MAX_TAGS:
        raise _bad_tags(f"at most {MAX_TAGS} tags, got {len(tags)}")
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise _bad_tags(f"1 to 64 letters, digits and ._:/=- each, got {tag[:64]!r}")
    return tags


def _may_hold_ours(query: bytes) -> bool:
    return b"route" in query or b"%" in query


def _pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, _, value in (it.partition(b"=") for it in query.split(b"&"))]


def _is_ours(key: bytes) -> bool:
    return unquote_plus(key.decode("latin-1")) == _ROUTE


def _bad_tags(reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"X-Luna-Tags: {reason}", param="X-Luna-Tags")
