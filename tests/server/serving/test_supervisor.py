"""Several workers, with each server: crashes, signals, and a supervisor that is killed."""

import signal

import psutil
import pytest

from lunaroute_server.serving.http_server import SERVERS


@pytest.fixture(params=sorted(SERVERS))
def pair(request, served):
    """A server with two workers that both answer."""
    pytest.importorskip(request.param)
    server = served("--server", request.param, "--workers", "2", "--drain-secs", "0.3")
    server.line("http://")
    return server


def workers(server):
    return {child.pid for child in psutil.Process(server.process.pid).children()}


def test_open_streams_of_all_workers_end_in_order(pair, read_until):
    streams = [pair.request("/endless") for _ in range(20)]
    for stream in streams:
        assert b"data: first" in read_until(stream, b"data: first\n\n")
    pair.signal()
    for stream in streams:
        assert b"event: error" in read_until(stream, b"event: error\n\n")
    assert pair.end() == 0
    assert pair.words.count("closed") == 2


def test_a_worker_that_crashed_is_replaced(pair, eventually, read_until):
    before = eventually(lambda: len(workers(pair)) == 2 and workers(pair))
    with pair.request("/crash") as connection:
        read_until(connection, b"never")
    after = eventually(
        lambda: len(workers(pair)) == 2 and not before >= workers(pair) and workers(pair)
    )
    assert len(after - before) == 1
    with pair.request("/pid") as connection:
        assert read_until(connection, b"0\r\n\r\n").startswith(b"HTTP/1.1 200")
    pair.signal()
    assert pair.end() == 0


def test_ctrl_c_in_a_terminal_counts_once(pair, read_until):
    """The terminal signals the whole group; workers must not take that for the second signal."""
    stream = pair.request("/endless")
    read_until(stream, b"data: first\n\n")
    for pid in workers(pair):
        psutil.Process(pid).send_signal(signal.SIGINT)
    pair.signal(signal.SIGINT)
    assert b"event: error" in read_until(stream, b"event: error\n\n")
    assert pair.end() == 0


def test_two_signals_at_once_stop_all_workers_at_once(served, read_until):
    server = served("--workers", "2")
    stream = server.request("/endless")
    read_until(stream, b"data: first\n\n")
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGINT)
    assert server.end() == 1


def test_workers_stop_when_the_supervisor_is_killed(pair, eventually):
    orphans = [psutil.Process(pid) for pid in workers(pair)]
    pair.signal(signal.SIGKILL)
    assert pair.end() == -signal.SIGKILL
    eventually(lambda: not any(is_alive(orphan) for orphan in orphans))


def is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_wrong_configuration_is_not_tried_again(served):
    server = served("--workers", "2", "--broken")
    assert server.end() == 2
    assert "as the test wants it" in server.log


def test_one_worker_reports_a_wrong_configuration_as_it_is(served):
    server = served("--broken")
    assert server.end() == 1
    assert "ConfigurationError: as the test wants it" in server.log
