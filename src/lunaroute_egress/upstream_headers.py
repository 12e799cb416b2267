"""The one place where the headers of an upstream request are made."""

from collections.abc import Iterable, Sequence

from multidict import CIMultiDict

from lunaroute_core.content_encoding import acceptable
from lunaroute_core.credential_headers import CREDENTIAL_HEADERS
from lunaroute_core.headers import HOP_BY_HOP, Headers, find_header, named_by_connection

_OURS = frozenset(
    {
        b"host",  # names the upstream, not the gateway
        b"content-length",  # the HTTP client counts the body it sends
        b"accept-encoding",  # negotiated, see `acceptable`
        b"expect",  # the body is already here
        b"x-luna-provider",
        b"x-luna-route",
        b"traceparent",  # continued with the gateway's own span, see `extra`
    }
)
_DROPPED = _OURS | CREDENTIAL_HEADERS | HOP_BY_HOP


def upstream_headers(  # noqa: PLR0913 - all of them are headers
    client: Headers,
    *,
    host: str,
    credentials: Iterable[tuple[bytes, bytes]],
    required: Headers,
    extra: Sequence[tuple[bytes, bytes]] = (),
    stream: bool,
) -> CIMultiDict[str]:
    """What goes upstream: the client's end-to-end headers, with ours in place of some.

    Args:
        client: the headers as received; repeated ones stay repeated and in order.
        host: the upstream's.
        credentials: the headers to authenticate with, in place of the client's.
        required: sent only where the client sent none of that name.
        extra: sent in place of any the client sent of that name.
        stream: whether the answer is to be an event stream, which is asked for
            uncompressed, since frames cannot be added to a compressed one.
    """
    dropped = _DROPPED | {name for name, _ in extra} if extra else _DROPPED
    if named := named_by_connection(client):
        dropped |= named
    headers = [("host", host)]
    headers += _texts(pair for pair in client if pair[0] not in dropped)
    headers += _texts(credentials)
    if extra:
        headers += _texts(extra)
    present = {name for name, _ in headers}
    headers += [pair for pair in _texts(required) if pair[0] not in present]
    accepts = None if stream else find_header(client, b"accept-encoding")
    headers.append(("accept-encoding", acceptable(accepts)))
    return CIMultiDict(headers)


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), _text(value)) for name, value in headers]


def _text(value: bytes) -> str:
    # The HTTP client writes header values as UTF-8, so bytes that are UTF-8 survive as they
    # are; other bytes (obsolete Latin-1) are read as what they once meant.
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
