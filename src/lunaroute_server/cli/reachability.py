"""Whether a provider can be reached, and what time it is there.

No vendor's key is sent: TCP, TLS and one `HEAD /`, whatever its answer.
"""

import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from attrs import frozen

TIMEOUT_SECS = 5.0

UNREACHABLE = (OSError, HTTPException)
"""What `Reach` raises."""


@frozen(kw_only=True)
class Reached:
    """`clock_ahead_secs` is how far our clock is ahead of theirs, None when they do not say."""

    route: str
    clock_ahead_secs: float | None


class Reach(Protocol):
    def __call__(self, base_url: str) -> Reached:
        """
        Raises:
            OSError, http.client.HTTPException: it cannot be reached.
        """
        ...


@frozen(kw_only=True)
class NetworkReach:
    """Connects as the gateway would, through the environment's proxy where one is set."""

    tls: ssl.SSLContext
    clock: Callable[[], float] = time.time
    timeout_secs: float = TIMEOUT_SECS

    def __call__(self, base_url: str) -> Reached:
        target, proxy = urlsplit(base_url), _proxy(base_url)
        connection = self._connection(target, proxy or target)
        try:
            if proxy is None:
                connection.request("HEAD", "/")
            elif target.scheme == "https":
                host = target.hostname or ""
                connection.set_tunnel(host, target.port, headers=_authorization(proxy))
                connection.request("HEAD", "/")
            else:
                url = f"http://{target.netloc}/"
                connection.request("HEAD", url, headers=_authorization(proxy))
            date = connection.getresponse().getheader("date")
        finally:
            connection.close()
        route = "directly" if proxy is None else f"through {proxy.hostname}"
        return Reached(route=route, clock_ahead_secs=self._ahead(date))

    def _connection(self, target: SplitResult, place: SplitResult) -> HTTPConnection:
        host, port = place.hostname or "", place.port
        if target.scheme == "https":
            return HTTPSConnection(host, port, timeout=self.timeout_secs, context=self.tls)
        return HTTPConnection(host, port, timeout=self.timeout_secs)

    def _ahead(self, date: str | None) -> float | None:
        try:
            return self.clock() - parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return None


def _proxy(url: str) -> SplitResult | None:
    target = urlsplit(url)
    proxy = getproxies().get(target.scheme)
    return urlsplit(proxy) if proxy and not proxy_bypass(target.hostname or "") else None


def _authorization(proxy: SplitResult) -> dict[str, str]:
    """The credentials in the proxy's own URL."""
    if proxy.username is None:
        return {}
    credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}
