"""hypercorn: the default server, asyncio and h11."""

import asyncio
import logging
from typing import Any

import hypercorn.asyncio
from attrs import define, field
from hypercorn.config import Config, Sockets
from starlette.types import ASGIApp, Receive, Scope, Send

from lunaroute_server.serving.http_server import KEEP_ALIVE_SECS, MAX_HEADER_BYTES
from lunaroute_server.serving.listening_socket import BACKLOG, ListeningSocket

NEEDS_OWN_PROCESS = False

UNLIMITED = 2**31
"""hypercorn counts requests per connection and seconds of a graceful stop, and has no word for
"no limit". The stop's limit is the caller's."""


class _Config(Config):
    """Settings for one given socket."""

    def __init__(self, listener: ListeningSocket) -> None:
        self.listener = listener
        self.accesslog = None
        self.errorlog = logging.getLogger("hypercorn.error")
        self.backlog = BACKLOG
        self.graceful_timeout = UNLIMITED
        self.h11_max_incomplete_size = MAX_HEADER_BYTES
        self.h2_max_header_list_size = MAX_HEADER_BYTES
        # The application's answers carry the upstream's Date, or one of their own.
        self.include_date_header = False
        self.include_server_header = False
        self.keep_alive_max_requests = UNLIMITED
        self.keep_alive_timeout = KEEP_ALIVE_SECS
        self.read_timeout = None

    def create_sockets(self) -> Sockets:
        return Sockets([], [self.listener], [])


@define(eq=False)
class HypercornServer:
    _stopping: asyncio.Event = field(factory=asyncio.Event, init=False)
    _listener: ListeningSocket | None = field(default=None, init=False)

    async def serve(self, app: ASGIApp, listener: ListeningSocket) -> None:
        self._listener = listener
        framework: Any = _WithoutLifespan(app)
        await hypercorn.asyncio.serve(  # pyright: ignore[reportUnknownMemberType]
            framework, _Config(listener), shutdown_trigger=self._stopping.wait, mode="asgi"
        )

    def stop_accepting(self) -> None:
        self._stopping.set()

    def drop_connections(self) -> None:
        if self._listener is not None:
            self._listener.drop_connections()


class _WithoutLifespan:
    """hypercorn has no switch for the lifespan: this answers it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})


def new_server() -> HypercornServer:
    return HypercornServer()


def new_event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()
