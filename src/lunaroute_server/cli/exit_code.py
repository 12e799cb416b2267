"""What the exit codes of every command mean."""

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1
    """The command did what it could, and the answer is no."""
    USAGE = 2
    """The arguments or the configuration are wrong; nothing was done."""
