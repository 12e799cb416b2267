"""A server in the background: started, waited for, and stopped by its record."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lunaroute_core.errors import LunaRouteError
from lunaroute_server.process.health_probe import answers_health
from lunaroute_server.process.log_tail import read_tail
from lunaroute_server.process.patience import Patience
from lunaroute_server.process.process_identity import signal_process
from lunaroute_server.process.server_record import ServerRecord, running_server
from lunaroute_server.process.state_directory import StateDirectory

TAIL_LINES = 20


class BackgroundServerError(LunaRouteError):
    """The server did not come up. `log_tail` is what it wrote."""

    def __init__(self, reason: str, *, log_file: Path, log_tail: Sequence[str]) -> None:
        self.log_file = log_file
        self.log_tail = tuple(log_tail)
        super().__init__(reason)


def start_in_background(
    arguments: Sequence[str], state: StateDirectory, *, port: int, patience: Patience
) -> ServerRecord:
    """Start `lunaroute serve ARGUMENTS` detached from the terminal, and wait until the process
    that was started, and no other, answers on `port`.

    Raises:
        BackgroundServerError: it ended, or did not answer in time and was stopped.
        ConfigurationError: the state directory cannot be written to.
    """
    child = _spawn(arguments, state, port)
    patience.until(lambda: child.poll() is not None or _is_up(state, port, child.pid))
    record = running_server(state, port)
    if record is not None and record.pid == child.pid and _is_up(state, port, child.pid):
        return record
    if child.poll() is None:
        child.kill()
        reason = f"the server did not answer within {patience.seconds:g} s"
    else:
        reason = f"the server ended with exit code {child.returncode}"
    child.wait()
    path = state.log_path(port)
    raise BackgroundServerError(reason, log_file=path, log_tail=read_tail(path, TAIL_LINES).lines)


def is_healthy(record: ServerRecord, *, timeout_secs: float = 1.0) -> bool:
    return record.is_running and answers_health(record.url, timeout_secs=timeout_secs)


def stop_server(record: ServerRecord, *, patience: Patience, now: bool = False) -> bool:
    """Ask the server of `record` to stop, and wait. `now` cuts open requests short.

    Returns:
        Whether it is gone.
    """
    # Two different signals, as two of a kind may arrive as one.
    for number in (signal.SIGTERM, signal.SIGINT) if now else (signal.SIGTERM,):
        signal_process(record.pid, record.process_start, number)
    return patience.until(lambda: not record.is_running)


def _spawn(arguments: Sequence[str], state: StateDirectory, port: int) -> subprocess.Popen[bytes]:
    log = state.open_log(port)
    command = [sys.executable, "-m", "lunaroute_server", "serve", *arguments]
    try:
        return subprocess.Popen(  # noqa: S603 - our own command line, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    finally:
        os.close(log)


def _is_up(state: StateDirectory, port: int, pid: int) -> bool:
    record = running_server(state, port)
    return record is not None and record.pid == pid and is_healthy(record)
