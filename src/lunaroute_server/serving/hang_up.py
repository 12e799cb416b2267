"""SIGHUP: read the configuration again, or stop because the terminal is gone.

The kernel sends it to a server whose terminal was closed, people and service managers send it
to have the configuration read again. A server that nobody can see any more must not go on as
if the latter were meant; one under nohup(1), which has it ignored, is to survive its terminal.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager

from attrs import define, field

_OUTPUTS = (1, 2)


def has_terminal() -> bool:
    """Whether this process has a controlling terminal: opening it fails once that hung up."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@define(kw_only=True, eq=False)
class HangUp:
    """What SIGHUP does to one process. Made before the signal is received.

    Attributes:
        reload: asks for the configuration to be read again.
        stop: asks for a graceful stop, any number of times; None for a process whose parent
            sees to that.
    """

    reload: Callable[[], None]
    stop: Callable[[], None] | None
    has_terminal: Callable[[], bool] = has_terminal
    _had_terminal: bool = field(init=False)
    _survives: bool = field(init=False)
    _shown: list[int] = field(init=False)
    """Outputs that are a terminal's."""

    def __attrs_post_init__(self) -> None:
        self._had_terminal = self.has_terminal()
        self._survives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._shown = [number for number in _OUTPUTS if os.isatty(number)]

    def receive(self) -> None:
        gone = self._had_terminal and not self.has_terminal()
        if gone:
            self._silence()
        if gone and self.stop is not None and not self._survives:
            self.stop()
        else:
            self.reload()

    @contextmanager
    def installed(self) -> Generator[None]:
        """Receive the signal in the running event loop while inside."""
        loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGHUP)
        loop.add_signal_handler(signal.SIGHUP, self.receive)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            signal.signal(signal.SIGHUP, before)

    def _silence(self) -> None:
        """Writing to a terminal that is gone is an error, which no request may die of."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for number in self._shown:
            os.dup2(nowhere, number)
        os.close(nowhere)
