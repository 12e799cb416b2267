"""The HTTP client to the vendors: one pooled session, honest about what it sends."""

import socket
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from attrs import define, field, frozen

from lunaroute_egress.deadline_watch import DeadlineWatch
from lunaroute_egress.endpoints import is_loopback
from lunaroute_egress.whole_request import WholeRequest

_MAX_HEADER_BYTES = 64 * 1024


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
    """A pooled client, open between `__aenter__` and `__aexit__`.

    It keeps no cookies, follows no redirects, adds no headers of its own, decodes nothing,
    and verifies certificates against the system's authorities.
    """

    pool: PoolSettings = field(factory=PoolSettings)
    watch: DeadlineWatch = field(factory=DeadlineWatch)
    _session: aiohttp.ClientSession | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=self.pool.max_connections or 0,
            keepalive_timeout=self.pool.idle_seconds,
            socket_factory=self._socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            request_class=WholeRequest,
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.watch.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the HTTP client is not open: enter its gateway first")
        return self._session

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


def proxy_for(url: str) -> str | None:
    """The proxy that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name for a URL;
    none for an upstream on this machine.

    Asked once per upstream: the HTTP client's own look-up goes to a thread for each request
    and reads `~/.netrc` as well, which could replace a client's credential.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    if is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")
