"""What the gateway asks of an HTTP server, and the servers that it knows."""

import asyncio
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from starlette.types import ASGIApp

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.serving.listening_socket import ListeningSocket

KEEP_ALIVE_SECS = 75
"""How long an idle connection is kept: longer than the pools of the official SDKs keep one, so
that the side that closes is the client, which then cannot run into the close."""

MAX_HEADER_BYTES = 256 * 1024
"""Size of a request's line and headers together. Servers default to 8 to 64 KiB, which a
coding assistant's metadata headers behind a few proxies can exceed."""


class HTTPServer(Protocol):
    """One server, for one application on one socket, used once."""

    async def serve(self, app: ASGIApp, listener: ListeningSocket) -> None:
        """Answer on `listener`, and close it.

        Returns when the last request that was accepted before `stop_accepting` is answered,
        however long that takes. Signals and the application's lifespan are the caller's
        business.
        """
        ...

    def stop_accepting(self) -> None:
        """Close the listening socket and idle connections; open requests go on."""
        ...

    def drop_connections(self) -> None:
        """End every connection, so that `serve` returns."""
        ...


class ServerModule(Protocol):
    """What each module of `SERVERS` offers."""

    NEEDS_OWN_PROCESS: bool
    """Whether it must be served from a child process, even a single worker."""

    @staticmethod
    def new_server() -> HTTPServer: ...

    @staticmethod
    def new_event_loop() -> asyncio.AbstractEventLoop:
        """The event loop on which this server is fastest."""
        ...


SERVERS = {
    "hypercorn": "lunaroute_server.serving.hypercorn_server",
    "uvicorn": "lunaroute_server.serving.uvicorn_server",
    "granian": "lunaroute_server.serving.granian_server",
}
"""Name to module. A module is imported when it is chosen: the packages are optional."""


def server_named(name: str) -> ServerModule:
    """
    Raises:
        ConfigurationError: the name is unknown, or its package is not installed.
    """
    if name not in SERVERS:
        known = ", ".join(SERVERS)
        raise ConfigurationError(f"no server {name!r}; there are {known}", path="server")
    if not is_installed(name):
        raise ConfigurationError(
            f"{name} is not installed: pip install 'lunaroute[{name}]'", path="server"
        )
    return cast("ServerModule", import_module(SERVERS[name]))


def is_installed(name: str) -> bool:
    """Whether the package of the server `name` can be imported."""
    return find_spec(name) is not None
