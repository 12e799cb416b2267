import os
import socket
import subprocess
import sys
import time

import pytest

PATIENCE_SECS = 20.0


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A state directory, and an environment without the user's own settings."""
    for name in list(os.environ):
        if name.startswith("LUNAROUTE_") or name.endswith(("_API_KEY", "_BASE_URL")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LUNAROUTE_HOME", str(tmp_path / "state"))
    # The configuration is looked for there.
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def lunaroute(home):
    """Runs the command line in a process of its own."""

    def run(*arguments, program="lunaroute"):
        entry = {"lunaroute": "main", "lunaroute-server": "server_main"}[program]
        code = f"from lunaroute_server.cli import {entry}; {entry}()"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def started(home):
    """Starts a command in the background; at the end it is stopped."""
    processes = []

    def start(*arguments, stderr=subprocess.PIPE):
        command = [sys.executable, "-m", "lunaroute_server", *arguments]
        processes.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
        )
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


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
