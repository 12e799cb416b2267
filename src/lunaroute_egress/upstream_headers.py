"""The one place where the headers of an upstream request are made."""

from collections.abc import Iterable, Sequence

from multidict import CIMultiDict

from lunaroute_core.content_encoding import acceptable
from lunaroute_core.credential_headers import CREDENTIAL_HEADERS
from lunaroute_core.headers import HOP_BY_HOP, Headers, end_to_end

_OURS = frozenset(
    {
        b"host",  # names the upstream, not the gateway
        b"content-length",  # the HTTP client counts the body it sends
        b"accept-encoding",  # negotiated, see `acceptable`
        b"expect",  # the body is already here
        b"cookie",  # a credential too, see `client_credentials`
        b"x-luna-provider",
        b"x-luna-route",
        b"x-luna-tags",
        b"traceparent",  # continued with the gateway's own span, see `extra`
    }
)
_DROPPED = _OURS | CREDENTIAL_HEADERS | HOP_BY_HOP
_USUAL_CONNECTION = frozenset({b"keep-alive", b"close"})
"""What `Connection` says nearly always; anything else names further headers to drop."""


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
    dropped = _DROPPED.union(name for name, _ in extra) if extra else _DROPPED
    headers = [("host", host)]
    accepts: bytes | None = None
    for name, value in client:
        if name not in dropped:
            # Not `_text` for each: that would cost as much as all the rest of this function.
            text = value.decode() if value.isascii() else _text(value)
            headers.append((name.decode("latin-1"), text))
        elif name == b"accept-encoding":
            accepts = value
        elif name == b"connection" and value.lower() not in _USUAL_CONNECTION:
            return upstream_headers(
                tuple(end_to_end(client)),
                host=host,
                credentials=credentials,
                required=required,
                extra=extra,
                stream=stream,
            )
    if extra:
        replaced = {name for name, _ in extra}
        credentials = [pair for pair in credentials if pair[0] not in replaced]
    for name, value in (*credentials, *extra):
        headers.append((name.decode("latin-1"), _text(value)))
    wanted = None if stream or accepts is None else accepts.decode("latin-1")
    headers.append(("accept-encoding", acceptable(wanted)))
    made = CIMultiDict(headers)
    for name, value in required:
        made.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return made


def _text(value: bytes) -> str:
    # The HTTP client writes header values as UTF-8, so bytes that are UTF-8 survive as they
    # are; other bytes (obsolete Latin-1) are read as what they once meant.
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
