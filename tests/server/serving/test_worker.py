"""Serving with real servers in real processes, and how it ends."""

import os
import signal
import socket

import pytest
from attrs import define, field

from lunaroute_server.serving.application import Application
from lunaroute_server.serving.http_server import SERVERS
from lunaroute_server.serving.listening_socket import SocketOptions, open_listening_socket
from lunaroute_server.serving.worker import Worker

SERVER_NAMES = sorted(SERVERS)


@pytest.fixture(params=SERVER_NAMES)
def server_name(request):
    pytest.importorskip(request.param)
    return request.param


def test_open_streams_end_with_an_error_event_at_the_drain_deadline(
    served, server_name, read_until
):
    """Fifty clients are in the middle of an answer when the server is told to stop."""
    server = served("--server", server_name, "--drain-secs", "0.3")
    streams = [server.request("/endless") for _ in range(50)]
    for stream in streams:
        assert b"data: first" in read_until(stream, b"data: first\n\n")
    server.signal()
    for stream in streams:
        assert b"event: error\n\n" in read_until(stream, b"event: error\n\n")
    assert server.end() == 0
    assert server.words[-1] == "closed"


def test_streams_that_end_in_time_are_whole_while_new_clients_are_refused(
    served, server_name, read_until, eventually
):
    server = served("--server", server_name)
    stream, address = server.request("/short"), server.address
    read_until(stream, b"data: first\n\n")
    server.signal()
    eventually(lambda: refused(address))
    assert read_until(stream, b"0\r\n\r\n").endswith(b"data: last\n\n\r\n0\r\n\r\n")
    assert server.end() == 0
    assert server.words[-1] == "closed"


def test_idle_connections_do_not_delay_the_stop(served, server_name, read_until):
    server = served("--server", server_name)
    idle = server.request("/pid")
    read_until(idle, b"0\r\n\r\n")
    server.signal()
    assert server.end() == 0


def test_the_second_signal_does_not_wait(served, server_name, read_until, eventually):
    server = served("--server", server_name)
    stream, address = server.request("/endless"), server.address
    read_until(stream, b"data: first\n\n")
    server.signal(signal.SIGINT)
    eventually(lambda: refused(address))
    assert server.process.poll() is None
    server.signal(signal.SIGINT)
    assert server.end() == 1
    assert server.words[-1] == "closed"


def test_a_client_that_does_not_read_cannot_hold_the_process(served, server_name, read_until):
    server = served("--server", server_name)
    read_until(server.request("/flood"), b"xxx")
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGINT)
    assert server.end() == 1
    assert server.words[-1] == "closed"


def refused(address):
    try:
        socket.create_connection(address, timeout=5).close()
    except ConnectionError:
        return True
    return False


@define
class Lingering:
    """A server whose last connection never ends by itself. It is its own module, too."""

    NEEDS_OWN_PROCESS = False
    calls: list[str] = field(factory=list)
    dropped: object = None

    def new_server(self):
        return self

    def new_event_loop(self):
        import asyncio

        return asyncio.new_event_loop()

    async def serve(self, app, listener):
        import asyncio

        self.dropped = asyncio.Event()
        await self.dropped.wait()

    def stop_accepting(self):
        self.calls.append("stop accepting")

    def drop_connections(self):
        self.calls.append("drop connections")
        self.dropped.set()


async def lifespan_only(scope, receive, send):
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


def test_what_is_open_after_the_deadline_is_dropped():
    """Nobody insists, the deadline passes, and the process still ends in order."""
    server = Lingering()
    with open_listening_socket(
        "127.0.0.1", 0, options=SocketOptions(), loopback_only=True
    ) as listener:
        worker = Worker(
            application=lambda: Application(
                app=lifespan_only,
                begin_drain=lambda after: server.calls.append(f"begin drain {after}"),
            ),
            server=server,
            listener=listener,
            drain_secs=0.0,
            closing_secs=0.01,
        )
        code = worker.run(on_ready=lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert code == 0
    assert server.calls == ["stop accepting", "begin drain 0.0", "drop connections"]
