"""Reading an HTTP/1.1 request off a socket, keeping every byte that was sent."""

import asyncio

from msgspec import Struct

from lunaroute_core.headers import Headers, find_header


class RecordedRequest(Struct, frozen=True, kw_only=True):
    """One request as it arrived.

    `target` is the path and query string, `headers` the pairs in order with the case they
    were sent in, `body` without its chunked framing. `connection` counts from 1.
    """

    method: str
    target: str
    headers: Headers
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        """The first value of a header in any case, None if it is absent."""
        return find_header(self.headers, name.lower().encode())


async def read_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, connection: int
) -> RecordedRequest | None:
    """The next request on a connection, None when the client left before its end.

    Raises:
        ValueError: what arrived is not HTTP/1.1.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        start, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        method, target, _version = start.decode("latin-1").split(" ")
        headers = tuple(_header(line) for line in lines)
        if find_header(headers, b"expect") == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await _body(reader, headers)
    except (asyncio.IncompleteReadError, OSError):
        return None
    return RecordedRequest(
        method=method, target=target, headers=headers, body=body, connection=connection
    )


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise ValueError(f"not a header line: {line!r}")
    return name, value.strip(b" \t")


async def _body(reader: asyncio.StreamReader, headers: Headers) -> bytes:
    if find_header(headers, b"transfer-encoding") != "chunked":
        return await reader.readexactly(int(find_header(headers, b"content-length") or 0))
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return bytes(body)
