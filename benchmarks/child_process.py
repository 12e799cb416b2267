"""Processes under test: started on a core of their own, accounted for, stopped by their id."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from attrs import define, field

from benchmarks.http_client import LoadError

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


def cores() -> tuple[int, int] | None:
    """A core for the process under test and one for upstream and load; None if there is no
    second one, or no way to choose."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    available = sorted(os.sched_getaffinity(0))
    return (available[0], available[1]) if len(available) > 1 else None


@contextmanager
def on_core(core: int | None) -> Generator[None]:
    """This process, and the children it starts meanwhile, run on one core."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@define(kw_only=True)
class ChildProcess:
    """`python -m …` in a process of its own, listening on `port`; its output goes to `log`."""

    arguments: Sequence[str]
    port: int
    log: Path
    core: int | None = None
    environment: Mapping[str, str] = field(factory=dict[str, str])
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self.start()
        try:
            self._wait_until_listening()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        with self.log.open("ab") as log, on_core(self.core):
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def cpu_seconds(self) -> float:
        """User and system time of the process and of all its children, ended ones included."""
        total = 0.0
        for process in self._tree():
            total += sum(process.cpu_times()[:2])
        ended = psutil.Process(self._pid).cpu_times()
        return total + ended.children_user + ended.children_system

    def resident_bytes(self) -> int:
        return sum(process.memory_info().rss for process in self._tree())

    def fail_if_ended(self) -> None:
        if self._process is None or self._process.poll() is not None:
            raise LoadError(f"{self.arguments[0]} ended:\n{self.log.read_text()[-4000:]}")

    @property
    def _pid(self) -> int:
        if self._process is None:
            raise LoadError(f"{self.arguments[0]} is not running")
        return self._process.pid

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self._pid)
        return [root, *root.children(recursive=True)]

    def _wait_until_listening(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            self.fail_if_ended()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise LoadError(f"{self.arguments[0]} did not listen within {_START_SECONDS:g} s")
