"""The HTTP client's request, for bodies that are in memory already."""

from typing import Any, Self

import aiohttp
from aiohttp.client_reqrep import ClientResponse, ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http import StreamWriter
from multidict import CIMultiDict
from yarl import URL

_WORTH_A_WRITE = 32 * 1024
"""Bodies of so many bytes are written apart from their headers: to copy them into one piece
costs more than a write does."""


class WholeRequest(aiohttp.ClientRequest):
    """Sends exactly the headers it is given, and the body at once.

    aiohttp's own request adds headers of its own, looks up how to serialize the body, and
    starts a task to write it, so that an answer can be read meanwhile. Bytes need no such
    task: they are handed to the transport whole.
    """

    _whole: bytes = b""
    _key: ConnectionKey | None = None

    def derived(self, method: str, url: URL, *, headers: CIMultiDict[str], body: bytes) -> Self:
        """A request to the same server. It shares all that the servers' name decides, which
        is most of what making a request costs.

        `headers` become the request's own, and get their `content-length`.
        """
        if self._key is None:
            self._key = super().connection_key
        request = self.__class__.__new__(self.__class__)
        request.__dict__.update(self.__dict__)
        request.method, request.url, request.original_url = method, url, url
        request.headers = headers
        request._whole = body  # noqa: SLF001 - of the same class
        if body or method not in self.GET_METHODS:
            headers["content-length"] = str(len(body))
        return request

    @property
    def connection_key(self) -> ConnectionKey:
        return super().connection_key if self._key is None else self._key

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        """Nothing is added."""

    async def send(self, conn: Connection) -> ClientResponse:
        protocol = conn.protocol
        if protocol is None:
            raise aiohttp.ClientConnectionError("the connection is closed")
        through_proxy = self.proxy is not None and not self.is_ssl()
        target = str(self.url) if through_proxy else self.url.raw_path_qs
        writer = StreamWriter(protocol, self.loop)
        await writer.write_headers(f"{self.method} {target} HTTP/1.1", self.headers)
        if self._whole:
            if len(self._whole) >= _WORTH_A_WRITE:
                writer.send_headers()
            await writer.write(self._whole, drain=False)
        writer.set_eof()
        self.response = self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=self._traces,
            loop=self.loop,
            session=self._session,
            stream_writer=writer,
        )
        return self.response
