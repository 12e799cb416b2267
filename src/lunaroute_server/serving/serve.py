"""The one way in: serve a configuration until a signal."""

import os
from collections.abc import Callable
from functools import partial

import structlog

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.config import Config
from lunaroute_server.serving.application import Application, gateway_application
from lunaroute_server.serving.http_server import server_named
from lunaroute_server.serving.listening_socket import (
    ListeningSocket,
    SocketOptions,
    open_listening_socket,
)
from lunaroute_server.serving.supervisor import Supervisor
from lunaroute_server.serving.worker import Worker

log = structlog.get_logger("lunaroute.serve")


def serve(  # noqa: PLR0913 - what `lunaroute serve` offers, and what tests bring
    config: Config,
    *,
    server: str = "hypercorn",
    workers: int = 1,
    insecure: bool = False,
    application: Callable[[Config], Application] = gateway_application,
    on_listening: Callable[[ListeningSocket], None] = lambda _: None,
) -> int:
    """Serve until SIGTERM or SIGINT; a second one does not wait for open requests.

    `on_listening` is called once, when requests are answered. `insecure` allows to listen on
    other interfaces than loopback.

    Returns:
        The exit code: 0 after a graceful stop, 1 after one that was cut short, 2 when the
        workers found the configuration wrong.

    Raises:
        ConfigurationError: the server is not installed, or the address cannot be had.
    """
    module = server_named(server)
    forks = workers > 1 or module.NEEDS_OWN_PROCESS
    if forks and not hasattr(os, "fork"):
        raise ConfigurationError("this system has no worker processes (fork)", path="workers")
    listener = open_listening_socket(
        config.host, config.port, options=_socket_options(config), loopback_only=not insecure
    )
    with listener:
        worker = Worker(
            application=partial(application, config),
            server=module,
            listener=listener,
            drain_secs=config.http_server.drain_secs,
        )
        on_ready = partial(_announce, listener, on_listening, server=server, workers=workers)
        if forks:
            return Supervisor(worker=worker, count=workers).run(on_ready=on_ready)
        return worker.run(on_ready=on_ready)


def _announce(
    listener: ListeningSocket,
    on_listening: Callable[[ListeningSocket], None],
    *,
    server: str,
    workers: int,
) -> None:
    log.info("listening", url=listener.url, server=server, workers=workers)
    on_listening(listener)


def _socket_options(config: Config) -> SocketOptions:
    settings = config.http_server
    return SocketOptions(
        tcp_nodelay=settings.tcp_nodelay,
        tcp_keepalive_secs=settings.tcp_keepalive_secs,
        send_buffer_size=settings.send_buffer_size,
        recv_buffer_size=settings.recv_buffer_size,
    )
