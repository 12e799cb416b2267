"""Several worker processes on one listening socket, the same for each HTTP server.

The supervisor owns the socket and never serves. It forks the workers before any event loop or
thread exists, starts one again that ended by itself, and passes signals on. Workers
hold the reading end of a pipe, the lifeline, so that they stop too should the supervisor be
killed.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

import structlog
from attrs import define, field, frozen

from lunaroute_core.errors import ConfigurationError
from lunaroute_server.serving.hang_up import HangUp
from lunaroute_server.serving.restart_delays import RestartDelays
from lunaroute_server.serving.stop_signals import STOP_SIGNALS, WORKER_STOP_SIGNALS
from lunaroute_server.serving.worker import Worker
from lunaroute_server.serving.worker_process import fork_worker

CANNOT_START = 2
"""Exit code of a worker that would fail the same way again: its configuration is wrong."""

log = structlog.get_logger("lunaroute.supervisor")


@frozen(kw_only=True)
class _Pipes:
    """Two pipes: workers tell through `ready`, and notice through the lifeline."""

    ready: int
    tell_ready: int
    lifeline: int
    lifeline_held: int

    @classmethod
    @contextmanager
    def opened(cls) -> "Generator[_Pipes]":
        (ready, tell_ready), (lifeline, held) = os.pipe(), os.pipe()
        try:
            yield cls(ready=ready, tell_ready=tell_ready, lifeline=lifeline, lifeline_held=held)
        finally:
            for end in (ready, tell_ready, lifeline, held):
                os.close(end)


@define(kw_only=True, eq=False)
class _Slot:
    """The place of one worker: either `process` runs in it, or it is to be filled at `due`."""

    delays: RestartDelays = field(factory=RestartDelays)
    process: BaseProcess | None = None
    started: float = 0.0
    due: float = 0.0


@define(kw_only=True, eq=False)
class Supervisor:
    """Keeps `count` workers running until a signal. Used once."""

    worker: Worker
    count: int
    clock: Callable[[], float] = time.monotonic
    _stops: int = field(default=0, init=False)
    """Orders to stop so far; the second is passed on as well."""
    _reloads: int = field(default=0, init=False)
    """Orders to read the configuration again so far."""
    _exit_code: int = field(default=0, init=False)
    _slots: list[_Slot] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._slots = [_Slot() for _ in range(self.count)]

    def run(self, *, on_ready: Callable[[], None]) -> int:
        """Blocks until every worker is gone. `on_ready` is called once, when the first of them
        answers requests.

        Returns:
            The exit code: 0 after a graceful stop, 2 when the configuration is wrong, 1 when
            the stop was cut short.
        """
        with _Pipes.opened() as pipes, self._signals() as wakeup:
            watched, passed_on, reloaded = [wakeup.fileno(), pipes.ready], 0, 0
            while self._stops == 0 or self._running():
                self._start_due(pipes)
                fired = wait([*watched, *self._sentinels()], timeout=self._next_due())
                with suppress(BlockingIOError):
                    wakeup.recv(64)
                if pipes.ready in fired:
                    watched.remove(pipes.ready)
                    on_ready()
                self._collect()
                if reloaded != self._reloads:
                    reloaded = self._reloads
                    self._pass_on(signal.SIGHUP)
                for number in WORKER_STOP_SIGNALS[passed_on : self._stops]:
                    self.worker.listener.close()
                    self._pass_on(number)
                passed_on = self._stops
        return self._exit_code

    @contextmanager
    def _signals(self) -> Generator[socket.socket]:
        """Signals are counted, and make the socket readable."""
        hang_up = HangUp(reload=self._receive_reload, stop=self._receive_hang_up)
        wakeup, wake = socket.socketpair()
        wakeup.setblocking(False)
        wake.setblocking(False)
        handlers = {number: signal.signal(number, self._receive) for number in STOP_SIGNALS}
        handlers[signal.SIGHUP] = signal.signal(
            signal.SIGHUP, lambda _number, _frame: hang_up.receive()
        )
        before = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        try:
            yield wakeup
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            wakeup.close()
            wake.close()

    def _receive(self, _number: int, _frame: object) -> None:
        self._stops += 1

    def _receive_reload(self) -> None:
        self._reloads += 1

    def _receive_hang_up(self) -> None:
        self._stops = max(self._stops, 1)

    def _running(self) -> list[BaseProcess]:
        return [slot.process for slot in self._slots if slot.process is not None]

    def _sentinels(self) -> list[int]:
        return [process.sentinel for process in self._running()]

    def _next_due(self) -> float | None:
        """Seconds until a worker is to be started; None for never."""
        due = [slot.due for slot in self._slots if slot.process is None]
        return max(0.0, min(due) - self.clock()) if due and not self._stops else None

    def _start_due(self, pipes: _Pipes) -> None:
        now = self.clock()
        for slot in self._slots:
            if slot.process is None and slot.due <= now and not self._stops:
                slot.process = fork_worker(lambda: self._work(pipes))
                slot.started = now
                log.debug("worker.started", worker=slot.process.pid)

    def _work(self, pipes: _Pipes) -> int:
        """In the worker's process."""
        # The lifeline must break when the supervisor is gone, so nobody else may hold it.
        os.close(pipes.lifeline_held)
        try:
            return self.worker.run(
                on_ready=lambda: _write_byte(pipes.tell_ready),
                signals=WORKER_STOP_SIGNALS,
                lifeline=pipes.lifeline,
            )
        except ConfigurationError as error:
            log.error("worker.cannot_start", reason=str(error))  # noqa: TRY400 - no traceback
            return CANNOT_START

    def _collect(self) -> None:
        """Take note of workers that have ended."""
        for slot in self._slots:
            if slot.process is None or slot.process.exitcode is None:
                continue
            process, slot.process = slot.process, None
            exit_code, worker = process.exitcode or 0, process.pid
            process.close()
            if self._stops or exit_code == CANNOT_START:
                self._note_end(exit_code)
                continue
            delay = slot.delays.after(self.clock() - slot.started)
            slot.due = self.clock() + delay
            log.warning("worker.ended", worker=worker, exit_code=exit_code, restart_secs=delay)

    def _note_end(self, exit_code: int) -> None:
        if exit_code == CANNOT_START:
            self._stops = max(self._stops, 1)
        # A worker that was told to stop before it listened to signals dies of them.
        if exit_code not in (0, -signal.SIGTERM):
            self._exit_code = max(self._exit_code, exit_code, 1)

    def _pass_on(self, number: signal.Signals) -> None:
        for process in self._running():
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, number)


def _write_byte(pipe: int) -> None:
    os.write(pipe, b".")
