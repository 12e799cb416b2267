"""What is written is the user's own business: nobody else may read it."""

import os
from pathlib import Path

import pytest

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.process import StateDirectory


def mode(path):
    return path.stat().st_mode & 0o777


def test_it_is_where_the_variable_says():
    assert StateDirectory.from_environment({"LUNAROUTE_HOME": "/srv/lr"}).root == Path("/srv/lr")
    assert StateDirectory.from_environment({}).root == Path.home() / ".lunaroute"


def test_files_and_directories_are_private(tmp_path):
    state = StateDirectory(tmp_path / "home")
    state.write(state.record_path(8081), b"{}")
    os.close(state.open_log(8081))
    assert mode(state.root) == mode(state.root / "run") == mode(state.root / "log") == 0o700
    assert mode(state.record_path(8081)) == mode(state.log_path(8081)) == 0o600


def test_a_file_is_replaced_as_a_whole(tmp_path):
    state = StateDirectory(tmp_path)
    state.write(state.record_path(1), b"long content")
    state.write(state.record_path(1), b"short")
    assert state.record_path(1).read_bytes() == b"short"
    assert state.record_paths() == [state.record_path(1)]


def test_a_new_log_keeps_the_one_before(tmp_path):
    state = StateDirectory(tmp_path)
    for text in (b"first", b"second"):
        descriptor = state.open_log(8081)
        os.write(descriptor, text)
        os.close(descriptor)
    assert state.log_path(8081).read_bytes() == b"second"
    assert (tmp_path / "log" / "server-8081.log.1").read_bytes() == b"first"


def test_the_log_written_to_last_comes_first(tmp_path):
    state = StateDirectory(tmp_path)
    for port, time in ((1, 100), (2, 300), (3, 200)):
        os.close(state.open_log(port))
        os.utime(state.log_path(port), (time, time))
    assert state.log_paths() == [state.log_path(port) for port in (2, 3, 1)]


def test_a_directory_that_cannot_be_is_a_configuration_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="set LUNAROUTE_HOME"):
        StateDirectory(tmp_path / "file").open_log(8081)
