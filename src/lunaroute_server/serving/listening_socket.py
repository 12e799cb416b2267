"""The socket that the gateway listens on, made here so that it is the same for each server."""

import errno
import ipaddress
import os
import socket
from contextlib import suppress
from typing import Any, Self
from weakref import WeakSet

from attrs import frozen

from lunaroute_core.errors import ConfigurationError

BACKLOG = 2048
"""Connections that may wait to be accepted; the kernel caps it (net.core.somaxconn)."""


@frozen(kw_only=True)
class SocketOptions:
    """Kernel options of every client connection. Sizes in bytes; None is the kernel's choice."""

    tcp_nodelay: bool = True
    tcp_keepalive_secs: int | None = 60
    """Idle seconds before the first keep-alive probe; None turns probes off."""
    send_buffer_size: int | None = None
    recv_buffer_size: int | None = None


class ListeningSocket(socket.socket):
    """A listening TCP socket that knows the connections it has accepted.

    Options set on it are inherited by accepted connections (tcp(7)). That it knows its
    connections is for the end of a graceful stop: a client that does not read its answer
    would otherwise hold the process for ever.
    """

    __slots__ = ("_accepted", "options")

    def __init__(self, family: int, options: SocketOptions) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self.options = options
        self._accepted: WeakSet[socket.socket] = WeakSet()

    @classmethod
    def bound(cls, family: int, address: Any, options: SocketOptions) -> Self:
        """A socket listening on `address`.

        Raises:
            OSError: the address cannot be had.
        """
        listener = cls(family, options)
        try:
            listener._set_options()
            listener.bind(address)
            listener.listen(BACKLOG)
            listener.setblocking(False)
        except OSError:
            listener.close()
            raise
        return listener

    @property
    def host(self) -> str:
        return str(self.getsockname()[0])

    @property
    def port(self) -> int:
        """The real port, also when port 0 was asked for."""
        return int(self.getsockname()[1])

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it: loopback stands for all interfaces."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def accept(self) -> tuple[socket.socket, Any]:
        connection, address = super().accept()
        if not self.options.tcp_nodelay:
            connection = _DelayedSocket(fileno=connection.detach())
        self._accepted.add(connection)
        return connection, address

    def drop_connections(self) -> None:
        """End each open connection, whatever its peer does."""
        for connection in list(self._accepted):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _set_options(self) -> None:
        options = self.options
        if os.name == "posix":
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(options.tcp_nodelay))
        self._set_keep_alive(options.tcp_keepalive_secs)
        for option, size in (
            (socket.SO_SNDBUF, options.send_buffer_size),
            (socket.SO_RCVBUF, options.recv_buffer_size),
        ):
            if size is not None:
                self.setsockopt(socket.SOL_SOCKET, option, size)

    def _set_keep_alive(self, idle_secs: int | None) -> None:
        self.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(idle_secs is not None))
        # macOS names the idle time TCP_KEEPALIVE.
        option = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
        if idle_secs is not None and option is not None:
            self.setsockopt(socket.IPPROTO_TCP, option, idle_secs)


class _DelayedSocket(socket.socket):
    """A connection on which Nagle's algorithm stays on: asyncio turns it off on each stream."""

    __slots__ = ()

    def setsockopt(self, level: int, optname: int, *value: Any) -> None:
        if (level, optname) != (socket.IPPROTO_TCP, socket.TCP_NODELAY):
            super().setsockopt(level, optname, *value)


def open_listening_socket(
    host: str, port: int, *, options: SocketOptions, loopback_only: bool
) -> ListeningSocket:
    """Listen on the first address of `host` that can be had.

    Raises:
        ConfigurationError: the host is unknown or not loopback, or the port is not free.
    """
    addresses = _addresses(host, port)
    if loopback_only:
        _refuse_other_interfaces(host, addresses)
    failure = OSError(errno.EADDRNOTAVAIL, "no address")
    for family, address in addresses:
        try:
            return ListeningSocket.bound(family, address, options)
        except OSError as error:
            failure = error
    raise _explained(failure, host, port) from failure


def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigurationError(f"{host!r} is no host name or address", path="host") from error
    # "localhost" names ::1 and 127.0.0.1; clients are told, and most try, the latter.
    return sorted(
        ((family, address) for family, _, _, _, address in found),
        key=lambda pair: pair[0] != socket.AF_INET,
    )


def _refuse_other_interfaces(host: str, addresses: list[tuple[int, Any]]) -> None:
    for _, address in addresses:
        if not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
            raise ConfigurationError(
                f"{host} can be reached from other machines, and anyone who reaches the gateway "
                "can use its keys; listen on 127.0.0.1, or say --insecure if that is meant",
                path="host",
            )


def _explained(error: OSError, host: str, port: int) -> ConfigurationError:
    match error.errno:
        case errno.EADDRINUSE:
            return ConfigurationError(
                f"{port} on {host} is taken by another program: choose another with --port",
                path="port",
            )
        case errno.EACCES:
            return ConfigurationError(f"this user may not listen on {port}", path="port")
        case errno.EADDRNOTAVAIL:
            return ConfigurationError(f"{host} is no address of this machine", path="host")
        case _:
            reason = error.strerror or str(error)
            return ConfigurationError(f"cannot listen on {host} port {port}: {reason}")
