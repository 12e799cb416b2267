"""Forking a worker process with a clean slate of signals."""

import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from lunaroute_server.serving.stop_signals import STOP_SIGNALS


def fork_worker(work: Callable[[], int]) -> BaseProcess:
    """Run `work` in a child process, which exits with what it returns.

    The parent must have no threads and no event loop. Its signals are held back around the
    fork: the child would otherwise, for a moment, treat one with the parent's handlers.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (*STOP_SIGNALS, signal.SIGHUP))
    try:
        process = get_context("fork").Process(target=_run, args=(work, mask))
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return process


def _run(work: Callable[[], int], mask: set[signal.Signals]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches every process of the terminal's group; the parent passes it on as SIGTERM,
    # and both together would count as the second signal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # It reads the configuration when it starts, whatever it missed before.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    sys.exit(work())
