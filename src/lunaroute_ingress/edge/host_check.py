"""Whether a request names a host that is this gateway's.

A web page can point a name of its own at 127.0.0.1 and then talk to a local gateway as if it
were its own server (DNS rebinding); the `Host` header still carries the page's name.
"""

from ipaddress import ip_address

from attrs import field, frozen

from lunaroute_core import ErrorDetails, ErrorKind
from lunaroute_core.client_memo import ClientMemo


@frozen(kw_only=True)
class HostCheck:
    """Attributes:
    allowed: names accepted besides localhost and loopback addresses; None accepts all.
    """

    allowed: frozenset[str] | None = frozenset()
    _accepted: ClientMemo[bytes, str] = field(
        factory=ClientMemo[bytes, str], init=False, eq=False, repr=False
    )

    def refusal(self, host: bytes) -> ErrorDetails | None:
        """Why a request with this `Host` header is refused; None if it is not."""
        if self.allowed is None or host in self._accepted:
            return None
        name = host_name(host.decode("latin-1"))
        if is_local(name) or name in self.allowed:
            self._accepted.keep(host, name, length=len(host))
            return None
        return ErrorDetails(
            kind=ErrorKind.PERMISSION,
            message=f"Host: {name[:100]!r} is not a name of this gateway; allow it in"
            " http_server.allowed_hosts",
            param="Host",
        )


def host_name(authority: str) -> str:
    """The host of `host:port` or `[v6]:port`, in lower case."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.rpartition(":")[0].lower() if ":" in authority else authority.lower()


def is_local(name: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if name in ("127.0.0.1", "localhost", "::1") or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
