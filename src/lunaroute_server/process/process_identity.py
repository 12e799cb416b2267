"""Telling one process from a later one that was given the same number.

A process is known by its number and the moment it started. The moment comes from
/proc/PID/stat, field 22 (proc(5)), in ticks since the system's boot, together with the boot's
own id; elsewhere from ps(1).
"""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys/kernel/random/boot_id"
_STATE, _START_TIME = 0, 19
"""Positions in /proc/PID/stat after the command's name, which may itself hold spaces."""


def process_start(pid: int) -> str | None:
    """When the process `pid` started, as text that is only good for comparing.

    None when there is no such process, or it has ended and merely waits for its parent to take
    note.
    """
    if _BOOT_ID.exists():
        return _linux_start(pid)
    return _portable_start(pid)


def signal_process(pid: int, start: str, number: signal.Signals) -> bool:
    """Send a signal, if `pid` is still the process that started at `start`; says whether.

    Linux has handles on processes: with one held, the number cannot be given away between the
    look and the signal.
    """
    if not hasattr(os, "pidfd_open"):
        return process_start(pid) == start and _sent(lambda: os.kill(pid, number))
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        return process_start(pid) == start and _sent(
            lambda: signal.pidfd_send_signal(handle, number)
        )
    finally:
        os.close(handle)


def _sent(send: Callable[[], None]) -> bool:
    try:
        send()
    except ProcessLookupError:
        return False
    return True


def _linux_start(pid: int) -> str | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
        boot = _BOOT_ID.read_text().strip()
    except (OSError, ValueError):
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[_STATE] in {"Z", "X"}:
        return None
    return f"{boot}:{fields[_START_TIME]}"


def _portable_start(pid: int) -> str | None:
    command = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
    environment = {**os.environ, "LC_ALL": "C"}
    answer = subprocess.run(  # noqa: S603 - no shell, and a number
        command, capture_output=True, text=True, check=False, env=environment
    )
    state, _, start = answer.stdout.strip().partition(" ")
    return None if not start or state.startswith("Z") else start.strip()
