"""The HTTP client's request, for bodies that are in memory already."""

from typing import Any

import aiohttp
from aiohttp.client_reqrep import ClientResponse
from aiohttp.connector import Connection
from aiohttp.http import StreamWriter
from multidict import CIMultiDict


class WholeRequest(aiohttp.ClientRequest):
    """Sends exactly the headers it is given, and the body with them in one write.

    The client's own request adds headers of its own, looks up how to serialize the body, and
    starts a task to write it, so that an answer can be read meanwhile. Bytes need no such
    task: they are handed to the transport whole. That halves the cost of a small request.
    """

    _whole: bytes = b""

    def update_headers(self, headers: Any) -> None:
        self.headers = CIMultiDict({"host": self.url.host_port_subcomponent or ""})
        self.headers.extend(headers)

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        """Nothing is added."""

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        self._whole = body or b""
        if self._whole or self.method not in self.GET_METHODS:
            self.headers["content-length"] = str(len(self._whole))

    async def send(self, conn: Connection) -> ClientResponse:
        protocol = conn.protocol
        if protocol is None:
            raise aiohttp.ClientConnectionError("the connection is closed")
        through_proxy = self.proxy is not None and not self.is_ssl()
        target = str(self.url) if through_proxy else self.url.raw_path_qs
        writer = StreamWriter(protocol, self.loop)
        await writer.write_headers(f"{self.method} {target} HTTP/1.1", self.headers)
        if self._whole:
            await writer.write(self._whole, drain=False)
        writer.set_eof()
        protocol.start_timeout()
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
