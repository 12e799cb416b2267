"""`status`, `stop` and `logs` without a server, and with one in the foreground."""

import json
import os

import pytest

from lunaroute_server.process import ServerRecord, StateDirectory, write_record


def record(**changes):
    values = {
        "pid": os.getpid(),
        "process_start": "another start",
        "url": "http://127.0.0.1:9",
        "port": 9,
        "server": "hypercorn",
        "workers": 1,
        "version": "1.0",
        "started_at": "2026-01-01T00:00:00+00:00",
    }
    return ServerRecord(**{**values, **changes})


@pytest.mark.parametrize(
    ("command", "code", "answer"), [("status", 1, "[]\n"), ("stop", 0, "[]\n")]
)
def test_without_a_server(lunaroute, command, code, answer):
    plain = lunaroute(command)
    assert (plain.returncode, plain.stdout, plain.stderr) == (code, "", "no server runs\n")
    as_json = lunaroute(command, "--json")
    assert (as_json.returncode, as_json.stdout) == (code, answer)


def test_without_a_log(lunaroute):
    result = lunaroute("logs")
    assert (result.returncode, result.stdout) == (1, "")
    assert "no log" in result.stderr


def test_a_recycled_process_number_is_neither_shown_nor_stopped(lunaroute, home):
    """The record names this very process, which would not survive the signal."""
    write_record(StateDirectory(home / "state"), record())
    assert lunaroute("status", "--json").stdout == "[]\n"
    write_record(StateDirectory(home / "state"), record())
    assert lunaroute("stop", "--json").stdout == "[]\n"


def test_a_server_in_the_foreground_is_known_and_can_be_stopped(
    lunaroute, started, eventually, free_port
):
    server = started("serve", "--port", str(free_port))
    (shown,) = eventually(lambda: json.loads(lunaroute("status", "--json").stdout))
    assert (shown["pid"], shown["log_file"]) == (server.pid, None)
    assert json.loads(lunaroute("status", "--json", "--port", "1").stdout) == []
    assert lunaroute("stop", "--port", "1").returncode == 0
    assert server.poll() is None
    assert lunaroute("stop", "--port", str(free_port)).returncode == 0
    assert server.wait(20) == 0


def test_logs_are_followed(lunaroute, started, home):
    directory = StateDirectory(home / "state")
    descriptor = directory.open_log(8081)
    os.write(descriptor, b"first\nsecond\n")
    follower = started("logs", "-f", "-n", "1")
    assert follower.stdout.readline() == "second\n"
    os.write(descriptor, b"third\n")
    assert follower.stdout.readline() == "third\n"
    os.close(descriptor)
