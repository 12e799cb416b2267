"""SIGHUP to a real server: from a terminal that is closed, and from somebody who means it."""

import fcntl
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import psutil
import pytest

from lunaroute_server.serving.hang_up import HangUp

PROGRAM = Path(__file__).with_name("sample_server.py")


@pytest.fixture
def calls():
    return []


@pytest.fixture
def terminal(monkeypatch):
    """Whether there is one, as the test has it."""

    class Terminal:
        there = True

        def __call__(self):
            return self.there

    return Terminal()


def hang_up(calls, terminal, **changes):
    made = {"reload": lambda: calls.append("reload"), "stop": lambda: calls.append("stop")}
    return HangUp(has_terminal=terminal, **{**made, **changes})


def test_with_the_terminal_still_there_it_asks_for_a_reload(calls, terminal):
    hang_up(calls, terminal).receive()
    assert calls == ["reload"]


def test_without_a_terminal_it_asks_for_a_reload(calls, terminal):
    terminal.there = False
    hang_up(calls, terminal).receive()
    assert calls == ["reload"]


def test_when_the_terminal_is_gone_it_asks_for_a_stop(calls, terminal):
    one = hang_up(calls, terminal)
    terminal.there = False
    one.receive()
    assert calls == ["stop"]


def test_under_nohup_it_survives_its_terminal(calls, terminal):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        one = hang_up(calls, terminal)
    finally:
        signal.signal(signal.SIGHUP, before)
    terminal.there = False
    one.receive()
    assert calls == ["reload"]


def test_a_worker_leaves_the_stop_to_its_supervisor(calls, terminal):
    one = hang_up(calls, terminal, stop=None)
    terminal.there = False
    one.receive()
    assert calls == ["reload"]


async def test_the_handler_before_is_there_again_afterwards(calls, terminal):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with hang_up(calls, terminal).installed():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.fixture
def in_a_terminal(tmp_path):
    """Starts a sample server as the one program of a terminal of its own."""
    servers = []

    def start(*arguments, before=()):
        master, slave = os.openpty()
        path = tmp_path / "output"
        with path.open("w") as output:
            server = subprocess.Popen(
                [*before, sys.executable, str(PROGRAM), *arguments],
                stdin=slave,
                stdout=output,
                stderr=slave,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads
            )
        os.close(slave)
        servers.append(server)
        return server, path, master

    yield start
    for server in servers:
        if server.poll() is None:
            server.kill()
        server.wait()


def words(path):
    return path.read_text().split()


@pytest.mark.parametrize("arguments", [(), ("--workers", "2")], ids=["alone", "workers"])
def test_a_server_in_a_terminal_reloads_on_demand_and_stops_in_order_with_it(
    in_a_terminal, eventually, arguments
):
    count = 2 if arguments else 1
    server, output, terminal = in_a_terminal(*arguments)
    eventually(lambda: words(output).count("opened") == count and len(words(output)) > count)
    server.send_signal(signal.SIGHUP)
    eventually(lambda: words(output).count("reload") == count)
    os.close(terminal)
    assert server.wait(20) == 0
    assert words(output).count("closed") == count


def test_a_server_under_nohup_goes_on_without_its_terminal(in_a_terminal, eventually):
    server, output, terminal = in_a_terminal(before=("nohup",))
    eventually(lambda: any(word.startswith("http://") for word in words(output)))
    os.close(terminal)
    eventually(lambda: "reload" in words(output))
    assert server.poll() is None
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0


@pytest.mark.parametrize("server_name", ["hypercorn", "uvicorn", "granian"])
def test_every_worker_reloads_and_streams_go_on(served, read_until, eventually, server_name):
    pytest.importorskip(server_name)
    server = served("--server", server_name, "--workers", "2", "--drain-secs", "0.3")
    stream = server.request("/endless")
    read_until(stream, b"data: first\n\n")
    eventually(lambda: len(psutil.Process(server.process.pid).children()) == 2)
    server.line("opened")
    server.signal(signal.SIGHUP)
    server.lines("reload", 2)
    server.signal(signal.SIGHUP)
    server.lines("reload", 4)
    server.signal()
    assert b"event: error" in read_until(stream, b"event: error\n\n")
    assert server.end() == 0
