"""Reading a request's body, up to a limit."""

from starlette.types import Receive

from lunaroute_core import Headers, InvalidRequestError, RequestTooLargeError
from lunaroute_core.content_encoding import ContentEncodingError, decode
from lunaroute_core.headers import find_header


class ClientGoneError(Exception):
    """The client closed its connection before it had its answer."""


async def read_body(receive: Receive, *, limit: int) -> bytes:
    """The whole body.

    Raises:
        RequestTooLargeError: it is longer than `limit` bytes.
        ClientGoneError: the client left before the end.
    """
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
        elif size > 2 * limit:
            break
        # A client that is still sending would see a reset instead of the answer, so what is
        # too long is read on for a while and forgotten.
        more = message.get("more_body", False)
    if size > limit:
        raise RequestTooLargeError(limit=limit)
    return b"".join(pieces)


def decoded_body(body: bytes, headers: Headers) -> tuple[bytes, Headers]:
    """A body sent compressed, decoded, and the headers without its encoding.

    Raises:
        InvalidRequestError: the encoding is unknown, or the data is not in it.
    """
    encoding = find_header(headers, b"content-encoding")
    if encoding is None or encoding == "identity":
        return body, headers
    try:
        body = decode(body, encoding)
    except ContentEncodingError as error:
        raise InvalidRequestError(str(error), param="Content-Encoding") from error
    return body, tuple(pair for pair in headers if pair[0] != b"content-encoding")
