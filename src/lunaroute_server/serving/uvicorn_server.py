"""uvicorn: less CPU per request than hypercorn, with httptools and uvloop (an extra)."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from attrs import define, field
from starlette.types import ASGIApp

from lunaroute_server.serving.http_server import KEEP_ALIVE_SECS, MAX_HEADER_BYTES
from lunaroute_server.serving.listening_socket import BACKLOG, ListeningSocket

NEEDS_OWN_PROCESS = False


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the caller's business."""
        yield


def _settings(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        # The library that hypercorn uses too, so that a WebSocket behaves the same.
        ws="wsproto",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # The application's answers carry the upstream's Date, or one of their own.
        date_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECS,
        timeout_graceful_shutdown=None,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )


@define(eq=False)
class UvicornServer:
    _server: _Server | None = field(default=None, init=False)
    _stop_at_start: bool = field(default=False, init=False)

    async def serve(self, app: ASGIApp, listener: ListeningSocket) -> None:
        self._server = _Server(_settings(app))
        self._server.should_exit = self._stop_at_start
        await self._server.serve(sockets=[listener])

    def stop_accepting(self) -> None:
        self._stop_at_start = True
        if self._server is not None:
            self._server.should_exit = True

    def drop_connections(self) -> None:
        if self._server is None:
            return
        self._server.force_exit = True
        state = self._server.server_state
        for connection in list(state.connections):
            connection.transport.abort()
        for task in list(state.tasks):
            task.cancel()


def new_server() -> UvicornServer:
    return UvicornServer()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The faster uvloop, where it can be had: it has no builds for Windows."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
