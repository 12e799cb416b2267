"""Noticing that the configuration file has changed."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TypeAlias

from attrs import frozen

Events: TypeAlias = Callable[[frozenset[Path]], AsyncGenerator[None]]
"""Items when something may have happened in one of the directories."""

QUIET_MS = 100
"""How long nothing must have happened before the file is looked at, so that it is not read
half-written…"""

PATIENCE_MS = 1_000
"""…but no longer than this after the first event."""

INTERVAL_MS = 1_000
"""The file is looked at so often in any case: network file systems, and directories that
containers share with their host, tell of no changes, and nobody of those before the watch."""

MAX_LINKS = 40
"""Where Linux gives up following symbolic links (path_resolution(7))."""


async def system_events(directories: frozenset[Path]) -> AsyncGenerator[None]:
    """What the operating system tells, and an item from time to time.

    Raises:
        OSError: a directory cannot be watched.
    """
    # It takes 40 ms to import, which whoever does not watch should not wait for.
    from watchfiles import awatch  # noqa: PLC0415  # pyright: ignore[reportUnknownVariableType]

    events = awatch(
        *directories,
        watch_filter=None,
        debounce=PATIENCE_MS,
        step=QUIET_MS,
        rust_timeout=INTERVAL_MS,
        yield_on_timeout=True,
        recursive=False,
        ignore_permission_denied=True,
    )
    async with aclosing(events):
        async for _ in events:
            yield


@frozen(kw_only=True)
class ConfigWatch:
    """Watches the directories in which `path` and what it links to stand, not the file itself:
    editors and Kubernetes put a new file in its place, the latter by turning a link around.
    """

    path: Path
    events: Events = system_events

    async def changes(self) -> AsyncGenerator[None]:
        """One item at first, and one whenever the content of the file has changed, the file's end
        included. What is read of it after an item is as new as the watch knows it.

        Raises:
            OSError: the directory is not there, or cannot be watched.
        """
        seen = await asyncio.to_thread(_digest, self.path)
        yield
        while True:
            directories = self._directories()
            if not directories:
                raise FileNotFoundError(f"{self.path}: the directory is not there")
            async with aclosing(self.events(directories)) as events:
                async for _ in events:
                    content = await asyncio.to_thread(_digest, self.path)
                    if content != seen:
                        seen = content
                        yield
                    if self._directories() != directories:
                        break

    def _directories(self) -> frozenset[Path]:
        """Those in which a change may give the path another content."""
        link = Path(os.path.abspath(self.path))  # noqa: PTH100 - links stay links
        found = {link.parent, Path(os.path.realpath(link)).parent}
        for _ in range(MAX_LINKS):
            if not link.is_symlink():
                break
            link = Path(os.path.normpath(link.parent / link.readlink()))
            found.add(link.parent)
        return frozenset(directory for directory in found if directory.is_dir())


def _digest(path: Path) -> bytes | None:
    """What tells one content from another; None when there is no file."""
    try:
        return hashlib.blake2b(path.read_bytes()).digest()
    except OSError:
        return None
