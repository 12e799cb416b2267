"""One serving process: the application, one HTTP server, and a graceful stop."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress

from attrs import frozen

from lunaroute_server.serving import allocator, garbage_collection
from lunaroute_server.serving.application import Application
from lunaroute_server.serving.hang_up import HangUp
from lunaroute_server.serving.http_server import HTTPServer, ServerModule
from lunaroute_server.serving.lifespan import Lifespan
from lunaroute_server.serving.listening_socket import ListeningSocket
from lunaroute_server.serving.stop_signals import STOP_SIGNALS, StopSignals

CLOSING_SECS = 5.0
"""What requests that are ended at the drain deadline get to send their last event, and
clients to read it."""

DROPPED_SECS = 1.0
"""What a server gets to notice that its connections were dropped."""


@frozen(kw_only=True)
class Worker:
    """Serves until it is told to stop."""

    application: Callable[[], Application]
    """Called in the process that serves."""
    server: ServerModule
    listener: ListeningSocket
    drain_secs: float
    closing_secs: float = CLOSING_SECS
    dropped_secs: float = DROPPED_SECS

    def run(
        self,
        *,
        on_ready: Callable[[], None],
        signals: Iterable[signal.Signals] = STOP_SIGNALS,
        lifeline: int | None = None,
    ) -> int:
        """Serve in this process; blocks. `on_ready` is called once requests are answered.

        `lifeline` is a file descriptor that becomes readable when the process that this one
        belongs to is gone; that is an order to stop too.

        Returns:
            The exit code: 0 after a graceful stop, 1 after one that was cut short.
        """
        stop = StopSignals()
        with asyncio.Runner(loop_factory=self._new_event_loop) as runner:
            runner.run(self._run(stop, on_ready, signals=signals, lifeline=lifeline))
        graceful = stop.requested.is_set() and not stop.insisted.is_set()
        return 0 if graceful else 1

    def _new_event_loop(self) -> asyncio.AbstractEventLoop:
        # uvloop turns Nagle's algorithm off on each connection, and cannot be told not to.
        if not self.listener.options.tcp_nodelay:
            return asyncio.new_event_loop()
        return self.server.new_event_loop()

    async def _run(
        self,
        stop: StopSignals,
        on_ready: Callable[[], None],
        *,
        signals: Iterable[signal.Signals],
        lifeline: int | None,
    ) -> None:
        with stop.installed(signals, lifeline=lifeline):
            application = self.application()
            # A worker's supervisor tells it to stop when the terminal is gone.
            alone = lifeline is None
            hang_up = HangUp(reload=application.reload, stop=stop.requested.set if alone else None)
            with hang_up.installed():
                async with Lifespan(app=application.app), application.beside:
                    garbage_collection.settle()
                    allocator.settle()
                    on_ready()
                    await self._serve(application, stop)

    async def _serve(self, application: Application, stop: StopSignals) -> None:
        http_server = self.server.new_server()
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(http_server.serve(application.app, self.listener))
            ending = tasks.create_task(self._end(http_server, application, stop))
            serving.add_done_callback(lambda _: ending.cancel())
            ending.add_done_callback(lambda _: serving.cancel())

    async def _end(
        self, http_server: HTTPServer, application: Application, stop: StopSignals
    ) -> None:
        """Wait for the order to stop, then see to it that the server does."""
        await stop.requested.wait()
        http_server.stop_accepting()
        application.begin_drain(self.drain_secs)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.drain_secs + self.closing_secs):
                await stop.insisted.wait()
        http_server.drop_connections()
        await asyncio.sleep(self.dropped_secs)
