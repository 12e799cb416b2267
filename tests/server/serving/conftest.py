import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

PROGRAM = Path(__file__).with_name("sample_server.py")
PATIENCE_SECS = 20.0


class Served:
    """A running sample server."""

    def __init__(self, arguments, errors):
        self.errors = errors
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments], stdout=subprocess.PIPE, stderr=errors
        )
        self.output = b""
        self.connections = []

    def line(self, prefix):
        """The next line that begins so, waited for."""
        deadline = time.monotonic() + PATIENCE_SECS
        while True:
            for line in self.output.decode().splitlines():
                if line.startswith(prefix):
                    return line
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, left))
            chunk = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            if not chunk:
                self.process.kill()
                raise AssertionError((prefix, self.output, self.log))
            self.output += chunk

    def lines(self, prefix, count):
        """So many lines that begin so, waited for."""
        while sum(it.startswith(prefix) for it in self.output.decode().splitlines()) < count:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECS)
            assert ready, (prefix, self.output, self.log)
            self.output += os.read(self.process.stdout.fileno(), 4096)

    @property
    def address(self):
        place = urlsplit(self.line("http://"))
        return place.hostname, place.port

    def request(self, path, headers=()):
        """A connection on which `path` was asked for."""
        connection = socket.create_connection(self.address, timeout=PATIENCE_SECS)
        self.connections.append(connection)
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers]
        connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        return connection

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def end(self):
        """The exit code, waited for."""
        code = self.process.wait(PATIENCE_SECS)
        self.output += self.process.stdout.read()
        return code

    @property
    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    @property
    def words(self):
        return self.output.decode().split()

    def close(self):
        for connection in self.connections:
            connection.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_SECS)
        self.process.stdout.close()
        self.errors.close()


def until(connection, marker):
    """Everything up to `marker`; what was received when the connection ended before it."""
    received = b""
    while marker not in received:
        chunk = connection.recv(65536)
        if not chunk:
            break
        received += chunk
    return received


@pytest.fixture
def read_until():
    return until


@pytest.fixture
def served(tmp_path):
    """Starts sample servers, and ends them."""
    servers = []

    def start(*arguments):
        errors = (tmp_path / f"errors-{len(servers)}").open("w+")
        servers.append(Served(arguments, errors))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def eventually():
    """Waits until something is true."""

    def wait(condition):
        deadline = time.monotonic() + PATIENCE_SECS
        while not (result := condition()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return result

    return wait
