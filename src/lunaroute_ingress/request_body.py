"""Reading a request's body, up to a limit."""

from collections.abc import Iterator

from starlette.types import Receive

from lunaroute_core import Headers, InvalidRequestError, RequestTooLargeError
from lunaroute_core.content_encoding import ContentEncodingError, Decoder, decoder_for
from lunaroute_core.headers import find_header

_SLICE_BYTES = 4096
_PATIENCE = 2
"""Bodies up to so many times the limit are read before they are refused."""


class ClientGoneError(Exception):
    """The client closed its connection before it had its answer."""


async def read_body(receive: Receive, *, limit: int, declared: bytes | None = None) -> bytes:
    """The whole body.

    Args:
        receive: the ASGI callable.
        limit: the most bytes it may have.
        declared: the `Content-Length` header; one far beyond the limit is refused unread.

    Raises:
        RequestTooLargeError: it is longer than `limit` bytes.
        ClientGoneError: the client left before the end.
    """
    if declared is not None and declared.isdigit() and int(declared) > _PATIENCE * limit:
        raise RequestTooLargeError(limit=limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        return await _rest(body, receive, limit)
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    if len(body) > limit:
        raise RequestTooLargeError(limit=limit)
    return body


async def _rest(first: bytes, receive: Receive, limit: int) -> bytes:
    pieces = [first]
    size = len(first)
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        piece = message.get("body", b"")
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
        elif size > _PATIENCE * limit:
            break
        # A client that is still sending would see a reset instead of the answer, so what is
        # too long is read on for a while and forgotten.
        more = message.get("more_body", False)
    if size > limit:
        raise RequestTooLargeError(limit=limit)
    return b"".join(pieces)


def decoded_body(body: bytes, headers: Headers, *, limit: int) -> tuple[bytes, Headers]:
    """A body sent compressed, decoded, and the headers without its encoding.

    Raises:
        InvalidRequestError: the encoding is unknown, or the data is not in it.
        RequestTooLargeError: it is longer than `limit` bytes once decoded.
    """
    try:
        decoder = decoder_for(find_header(headers, b"content-encoding") or "")
        if decoder is None:
            return body, headers
        body = b"".join(_decoded(body, decoder, limit))
        decoder.finish()
    except ContentEncodingError as error:
        raise InvalidRequestError(str(error), param="Content-Encoding") from error
    return body, tuple(pair for pair in headers if pair[0] != b"content-encoding")


def _decoded(body: bytes, decoder: Decoder, limit: int) -> Iterator[bytes]:
    """Piece by piece, so that a small body that decodes to a huge one is noticed early."""
    left = limit
    for at in range(0, len(body), _SLICE_BYTES):
        piece = decoder.feed(body[at : at + _SLICE_BYTES])
        left -= len(piece)
        if left < 0:
            raise RequestTooLargeError(limit=limit)
        yield piece
