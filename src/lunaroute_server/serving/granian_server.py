"""granian: HTTP in Rust (an extra), through its embeddable server.

A graceful stop works as with the others. Two things do not: idle connections have no time
limit of their own, and `tcp_nodelay` is always on.
"""

import asyncio

from attrs import define, field
from granian._granian import SocketHolder  # pyright: ignore[reportMissingModuleSource]
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.types import ASGIApp

from lunaroute_server.serving.http_server import MAX_HEADER_BYTES
from lunaroute_server.serving.listening_socket import BACKLOG, ListeningSocket

NEEDS_OWN_PROCESS = True
"""Its threads outlive its end, and abort the process if the interpreter is taken down under
them (https://github.com/emmett-framework/granian/issues/693). A forked worker process leaves
without that."""


class _Server(Server):
    """On a socket that is already listening; granian itself only makes its own."""

    def __init__(self, app: ASGIApp, descriptor: int) -> None:
        super().__init__(
            app,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(max_buffer_size=MAX_HEADER_BYTES),
            backlog=BACKLOG,
            # The gateway limits the requests in progress itself.
            backpressure=2**20,
            # Its records go the way of all others, and not to standard output. It warns at
            # each start that embedding is experimental.
            log_level=LogLevels.error,
            log_dictconfig={"handlers": {}, "loggers": {"_granian": {"propagate": True}}},
        )
        self._descriptor = descriptor

    def _init_shared_socket(self) -> None:
        # Its type stub omits the arguments: descriptor, whether a Unix socket, backlog.
        self._shd = SocketHolder(self._descriptor, False, BACKLOG)  # pyright: ignore[reportCallIssue]


@define(eq=False)
class GranianServer:
    _server: _Server | None = field(default=None, init=False)
    _stop_at_start: bool = field(default=False, init=False)

    async def serve(self, app: ASGIApp, listener: ListeningSocket) -> None:
        # Handed over: granian closes it.
        self._server = _Server(app, listener.detach())
        if self._stop_at_start:
            self._server.stop()
        await self._server.serve()

    def stop_accepting(self) -> None:
        self._stop_at_start = True
        if self._server is not None:
            self._server.stop()

    def drop_connections(self) -> None:
        """The server goes, and its requests with the event loop: granian names no connections."""
        for worker in self._server.wrks if self._server is not None else ():
            worker.kill()


def new_server() -> GranianServer:
    return GranianServer()


def new_event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()
