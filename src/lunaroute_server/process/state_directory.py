"""Where the command line keeps what it knows about running servers.

`$LUNAROUTE_HOME`, or `~/.lunaroute`. Directories are private to the user, and so are files:
logs name models and paths.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from attrs import frozen

from lunaroute_core.errors import ConfigurationError

PRIVATE_DIRECTORY = 0o700
PRIVATE_FILE = 0o600


@frozen
class StateDirectory:
    """Servers are told apart by their port."""

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        home = environment.get("LUNAROUTE_HOME")
        return cls(Path(home).expanduser() if home else Path.home() / ".lunaroute")

    @property
    def secret_path(self) -> Path:
        """The installation's secret."""
        return self.root / "secret"

    def record_path(self, port: int) -> Path:
        return self.root / "run" / f"server-{port}.json"

    def log_path(self, port: int) -> Path:
        return self.root / "log" / f"server-{port}.log"

    def record_paths(self) -> list[Path]:
        return sorted((self.root / "run").glob("server-*.json"))

    def log_paths(self) -> list[Path]:
        """Logs of servers in the background, the last one written to first."""
        found = (self.root / "log").glob("server-*.log")
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)

    def write(self, path: Path, content: bytes) -> None:
        """Replace the file at `path` as a whole.

        Raises:
            OSError: it cannot be written.
        """
        self._make_directory(path.parent)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with suppress(FileNotFoundError):
            draft.unlink()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(path)

    def open_log(self, port: int) -> int:
        """A descriptor for a new log of the server on `port`. The log before it is kept.

        Raises:
            ConfigurationError: the directory cannot be written to.
        """
        path = self.log_path(port)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL
        try:
            self._make_directory(path.parent)
            with suppress(FileNotFoundError):
                path.replace(path.with_name(f"{path.name}.1"))
            return os.open(path, flags, PRIVATE_FILE)
        except OSError as error:
            raise ConfigurationError(
                f"cannot write: {error.strerror}; set LUNAROUTE_HOME", source=str(path)
            ) from error

    def _make_directory(self, directory: Path) -> None:
        for level in (self.root, directory):
            level.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
