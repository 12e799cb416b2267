"""The one place where the headers of an upstream request are made."""

from collections.abc import Iterable

from multidict import CIMultiDict

from lunaroute_core.content_encoding import acceptable
from lunaroute_core.credential_headers import CREDENTIAL_HEADERS
from lunaroute_core.headers import Headers, end_to_end, find_header

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
_DROPPED = _OURS | CREDENTIAL_HEADERS


def upstream_headers(
    client: Headers,
    *,
    credentials: Iterable[tuple[bytes, bytes]],
    required: Headers,
    extra: Iterable[tuple[bytes, bytes]] = (),
    stream: bool,
) -> CIMultiDict[str]:
    """What goes upstream: the client's end-to-end headers, with ours in place of some.

    Args:
        client: the headers as received; repeated ones stay repeated and in order.
        credentials: the headers to authenticate with, in place of the client's.
        required: sent only where the client sent none of that name.
        extra: sent in place of any the client sent of that name.
        stream: whether the answer is to be an event stream, which is asked for
            uncompressed, since frames cannot be added to a compressed one.
    """
    extra = tuple(extra)
    replaced = {name for name, _ in extra}
    kept = [
        pair for pair in end_to_end(client) if pair[0] not in _DROPPED and pair[0] not in replaced
    ]
    present = {name for name, _ in kept} | replaced
    kept.extend(pair for pair in required if pair[0] not in present)
    kept.extend(credentials)
    kept.extend(extra)
    headers: CIMultiDict[str] = CIMultiDict(
        [(name.decode("latin-1"), _text(value)) for name, value in kept]
    )
    accepts = None if stream else find_header(client, b"accept-encoding")
    headers["accept-encoding"] = acceptable(accepts)
    return headers


def _text(value: bytes) -> str:
    # The HTTP client writes header values as UTF-8, so bytes that are UTF-8 survive as they
    # are; other bytes (obsolete Latin-1) are read as what they once meant.
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
