"""A number alone is no process: it may have been given to another one since."""

import os
import signal
import subprocess
import sys

import pytest

from lunaroute_server.process.process_identity import (
    _portable_start,
    process_start,
    signal_process,
)


@pytest.fixture
def child():
    """A process that waits."""
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_process_keeps_its_start(child):
    assert process_start(child.pid) is not None
    assert process_start(child.pid) == process_start(child.pid)
    assert process_start(child.pid) != process_start(os.getpid())


def test_a_process_that_waits_to_be_collected_is_gone(child):
    """In a container nobody may ever collect it."""
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process_start(child.pid) is None


def test_no_process_has_no_start():
    assert process_start(2**22 + 1) is None


def test_ps_tells_it_where_there_is_no_proc(child):
    assert _portable_start(child.pid) is not None
    assert _portable_start(2**22 + 1) is None


def test_the_process_that_is_meant_gets_the_signal(child):
    assert signal_process(child.pid, process_start(child.pid), signal.SIGTERM)
    assert child.wait(10) == -signal.SIGTERM


def test_another_process_with_the_same_number_does_not(child):
    assert not signal_process(child.pid, "another start", signal.SIGKILL)
    assert child.poll() is None


def test_a_process_that_is_gone_gets_none(child):
    start = process_start(child.pid)
    child.kill()
    child.wait(10)
    assert not signal_process(child.pid, start, signal.SIGTERM)


def test_without_process_handles_it_is_the_same(child, monkeypatch):
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert not signal_process(child.pid, "another start", signal.SIGKILL)
    assert child.poll() is None
    assert signal_process(child.pid, process_start(child.pid), signal.SIGTERM)
    assert child.wait(10) == -signal.SIGTERM
