"""hypercorn: the default server, asyncio and h11."""

import asyncio
import logging
from typing import Any, cast

from attrs import define, field
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import ConnectionState
from starlette.types import ASGIApp

from lunaroute_server.serving.http_server import KEEP_ALIVE_SECS, MAX_HEADER_BYTES
from lunaroute_server.serving.listening_socket import BACKLOG, ListeningSocket

NEEDS_OWN_PROCESS = False

UNLIMITED = 2**31
"""hypercorn counts requests per connection, and has no word for "no limit"."""


class _Config(Config):
    """Settings for every connection."""

    def __init__(self) -> None:
        self.accesslog = None
        self.errorlog = logging.getLogger("hypercorn.error")
        self.h11_max_incomplete_size = MAX_HEADER_BYTES
        self.h2_max_header_list_size = MAX_HEADER_BYTES
        # The application's answers carry the upstream's Date, or one of their own.
        self.include_date_header = False
        self.include_server_header = False
        self.keep_alive_max_requests = UNLIMITED
        self.keep_alive_timeout = KEEP_ALIVE_SECS
        # No limit: a full queue of an application that has answered without reading a body to
        # its end would hold the connection for ever.
        self.max_app_queue_size = 0
        self.read_timeout = None


class _Connection(TCPServer):
    """A client's connection, gone when the client is.

    hypercorn itself keeps what belongs to an idle connection until `keep_alive_timeout`, also
    when the client has closed it long before.
    """

    async def _read_data(self) -> None:
        await super()._read_data()
        await self.idle_task.stop()


@define(eq=False)
class HypercornServer:
    _stopping: asyncio.Event = field(factory=asyncio.Event, init=False)
    _listener: ListeningSocket | None = field(default=None, init=False)

    async def serve(self, app: ASGIApp, listener: ListeningSocket) -> None:
        """What `hypercorn.asyncio.serve` does, less lifespan, signals and TLS."""
        self._listener = listener
        framework: Any = app
        wrapped, config, context = ASGIWrapper(framework), _Config(), WorkerContext(None)
        loop = asyncio.get_running_loop()
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = cast("asyncio.Task[None]", asyncio.current_task())
            connections.add(task)
            task.add_done_callback(connections.discard)
            state = ConnectionState({})
            await _Connection(wrapped, loop, config, context, state, reader, writer)

        server = await asyncio.start_server(connected, sock=listener, backlog=BACKLOG)
        await self._stopping.wait()
        await context.terminated.set()
        server.close()
        await server.wait_closed()
        await asyncio.gather(*connections)

    def stop_accepting(self) -> None:
        self._stopping.set()

    def drop_connections(self) -> None:
        if self._listener is not None:
            self._listener.drop_connections()


def new_server() -> HypercornServer:
    return HypercornServer()


def new_event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()
