"""SIGTERM and SIGINT: the first asks for a graceful stop, the second for an immediate one."""

import asyncio
import signal
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from attrs import define, field

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

WORKER_STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
"""What a supervisor sends its workers: the first, then the second. They differ because two
signals of a kind may arrive as one."""


@define(eq=False)
class StopSignals:
    """`requested` is set by the first signal, `insisted` by the second."""

    requested: asyncio.Event = field(factory=asyncio.Event, init=False)
    insisted: asyncio.Event = field(factory=asyncio.Event, init=False)

    def receive(self) -> None:
        if self.requested.is_set():
            self.insisted.set()
        self.requested.set()

    @contextmanager
    def installed(
        self, signals: Iterable[signal.Signals], *, lifeline: int | None = None
    ) -> Generator[None]:
        """Receive `signals` of this process while inside, in its main thread.

        That `lifeline`, a file descriptor, becomes readable counts as the first signal.
        """
        loop = asyncio.get_running_loop()
        for number in signals:
            loop.add_signal_handler(number, self.receive)
        if lifeline is not None:
            loop.add_reader(lifeline, self._release, lifeline)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
            if lifeline is not None:
                loop.remove_reader(lifeline)

    def _release(self, lifeline: int) -> None:
        # It stays readable once the other end is gone.
        asyncio.get_running_loop().remove_reader(lifeline)
        self.requested.set()
