"""The end of a log file, and what is added to it."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import frozen


@frozen(kw_only=True)
class LogTail:
    """The last lines of a file, and the position in bytes up to which it was read."""

    lines: tuple[str, ...] = ()
    end: int = 0


def read_tail(path: Path, count: int) -> LogTail:
    """The last `count` lines; none when there is no file."""
    try:
        with path.open("rb") as file:
            last = deque(file, maxlen=count)
            return LogTail(lines=tuple(_text(line) for line in last), end=file.tell())
    except FileNotFoundError:
        return LogTail()


def lines_added(path: Path, *, start: int, go_on: Callable[[], bool]) -> Iterator[str]:
    """Lines from position `start`, as they are added.

    `go_on` is asked whenever there is nothing new; it may wait, and ends it with False.
    """
    with path.open("rb") as file:
        file.seek(start)
        line = b""
        while True:
            line += file.readline()
            if line.endswith(b"\n"):
                yield _text(line)
                line = b""
            elif not go_on():
                return


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\n")
