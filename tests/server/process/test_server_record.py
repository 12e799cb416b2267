import os

import msgspec
import pytest

from lunaroute_server.process import (
    ServerRecord,
    StateDirectory,
    remove_record,
    running_server,
    running_servers,
    write_record,
)
from lunaroute_server.process.process_identity import process_start


@pytest.fixture
def state(tmp_path):
    return StateDirectory(tmp_path)


def record(**changes):
    """A record of this process, which runs."""
    values = {
        "pid": os.getpid(),
        "process_start": process_start(os.getpid()),
        "url": "http://127.0.0.1:8081",
        "port": 8081,
        "server": "hypercorn",
        "workers": 1,
        "version": "1.0",
        "started_at": "2026-01-01T00:00:00+00:00",
    }
    return ServerRecord(**{**values, **changes})


def test_running_servers_are_found_by_port(state):
    high, low = record(port=9000), record(port=8081)
    write_record(state, high)
    write_record(state, low)
    assert running_servers(state) == [low, high]
    assert running_server(state, 9000) == high
    assert running_server(state, 9001) is None


def test_the_record_of_a_server_that_is_gone_is_removed(state):
    write_record(state, record(process_start="another start"))
    assert running_server(state, 8081) is None
    assert state.record_paths() == []


def test_only_ones_own_record_is_removed(state):
    mine, theirs = record(), record(started_at="2026-01-02T00:00:00+00:00")
    write_record(state, theirs)
    remove_record(state, mine)
    assert running_server(state, 8081) == theirs
    remove_record(state, theirs)
    assert running_server(state, 8081) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", msgspec.json.encode({"pid": "x"})])
def test_what_cannot_be_understood_is_no_server(state, content):
    state.write(state.record_path(8081), content)
    assert running_servers(state) == []
