"""The HTTP client to the vendors: one pooled session, honest about what it sends."""

import asyncio
import socket
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from attrs import define, field, frozen
from multidict import CIMultiDict
from yarl import URL

from lunaroute_egress.deadline_watch import DeadlineWatch
from lunaroute_egress.endpoints import is_loopback
from lunaroute_egress.whole_request import WholeRequest

_MAX_HEADER_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024


@frozen(kw_only=True)
class PoolSettings:
    """How connections are kept.

    Attributes:
        idle_seconds: how long an unused connection is kept. Vendors close theirs after 60 to
            120 seconds; ours must go first, or a request may meet a closing connection.
        keepalive_seconds: TCP keep-alive probes start after this much silence; None: off.
        max_connections: at most so many connections in all; None: no limit.
    """

    idle_seconds: float = 50.0
    keepalive_seconds: int | None = 60
    max_connections: int | None = None


@define(kw_only=True)
class HttpClient:
    """A pool of connections, open between `__aenter__` and `__aexit__`.

    It keeps no cookies, follows no redirects, adds no headers of its own, decodes nothing,
    retries nothing, and verifies certificates against the system's authorities. For that it
    uses aiohttp beneath its session, whose work for all of these would cost each request as
    much again as its connections and parser do.
    """

    pool: PoolSettings = field(factory=PoolSettings)
    watch: DeadlineWatch = field(factory=DeadlineWatch)
    _connector: aiohttp.TCPConnector | None = field(default=None, init=False)
    _prototypes: dict[URL, WholeRequest] = field(factory=dict[URL, WholeRequest], init=False)

    async def __aenter__(self) -> Self:
        self._connector = aiohttp.TCPConnector(
            limit=self.pool.max_connections or 0,
            keepalive_timeout=self.pool.idle_seconds,
            socket_factory=self._socket,
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.watch.close()
        self._prototypes.clear()
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()

    async def request(  # noqa: PLR0913 - a request has so many parts
        self,
        method: str,
        url: URL,
        *,
        server: URL,
        headers: CIMultiDict[str],
        body: bytes,
        deadline: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        """Send a request; return when the answer's status line and headers are there.

        Args:
            method: the HTTP method.
            url: where to, on `server`.
            server: a URL of the same server, always the same one; what follows from it is
                worked out once.
            headers: all headers but `content-length`; they become the request's own.
            body: the body, perhaps empty.
            deadline: for getting a connection.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError: see `failures`.
        """
        if self._connector is None:
            raise RuntimeError("the HTTP client is not open: enter its gateway first")
        prototype = self._prototypes.get(server)
        if prototype is None:
            prototype = self._prototypes[server] = self._prototype(server)
        request = prototype.derived(method, url, headers=headers, body=body)
        connection = await self._connector.connect(request, traces=[], timeout=deadline)
        try:
            if connection.protocol is not None:
                connection.protocol.set_response_params(
                    skip_payload=request.method == "HEAD",
                    read_until_eof=True,
                    auto_decompress=False,
                    read_bufsize=_READ_BYTES,
                    max_line_size=_MAX_HEADER_BYTES,
                    max_field_size=_MAX_HEADER_BYTES,
                )
            response = await request.send(connection)
            return await response.start(connection)
        except BaseException:
            connection.close()
            raise

    @staticmethod
    def _prototype(server: URL) -> WholeRequest:
        loop = asyncio.get_running_loop()
        return WholeRequest("GET", server, loop=loop, proxy=proxy_for(str(server)))

    def _socket(self, address: tuple[int, int, int, str, object]) -> socket.socket:
        family, kind, protocol = address[:3]
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        if self.pool.keepalive_seconds is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_KEEPIDLE"):
                made.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, self.pool.keepalive_seconds
                )
        return made


def proxy_for(url: str) -> URL | None:
    """The proxy that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name for a URL;
    none for an upstream on this machine.

    Asked once per upstream: the HTTP client's own look-up goes to a thread for each request
    and reads `~/.netrc` as well, which could replace a client's credential.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    if is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return None if proxy is None else URL(proxy)
