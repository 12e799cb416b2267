"""State stores by URL, as a configuration names them."""

import time
from collections.abc import Callable
from pathlib import Path

from lunaroute_core.errors import ConfigurationError
from lunaroute_storage.bounds import StateBounds
from lunaroute_storage.memory_state_store import MEMORY_BOUNDS, MemoryStateStore
from lunaroute_storage.sqlite_state_store import SQLITE_BOUNDS, SqliteStateStore

_MEMORY = "memory://"
_SQLITE = "sqlite:///"


def open_state_store(
    url: str,
    *,
    bounds: StateBounds | None = None,
    clock: Callable[[], float] | None = None,
) -> MemoryStateStore | SqliteStateStore:
    """The store that a URL names, to be entered with `async with`.

    Args:
        url: `memory://`, or `sqlite:///` and a path: `sqlite:///state.db` is relative,
            `sqlite:////var/lib/state.db` absolute, as in SQLAlchemy's URLs, and
            `sqlite:///~/state.db` in the user's home.
        bounds: how much it may hold, else the default of its kind.
        clock: seconds, else monotonic time for memory and Unix time for SQLite.

    Raises:
        ConfigurationError: the URL is neither. Entering the store says whether the file
            can be used.
    """
    if url == _MEMORY:
        return MemoryStateStore(bounds=bounds or MEMORY_BOUNDS, clock=clock or time.monotonic)
    path = url.removeprefix(_SQLITE)
    if path in {url, ""} or path.startswith(":") or "?" in path:
        raise ConfigurationError(_refusal(url))
    return SqliteStateStore(
        path=_expanded(path), bounds=bounds or SQLITE_BOUNDS, clock=clock or time.time
    )


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ConfigurationError(f"{error} Write {_SQLITE} and a path without ~.") from error


def _refusal(url: str) -> str:
    """Names no more of the URL than its scheme: what follows may hold a password."""
    scheme, separator, _ = url.partition("://")
    what = f"no such store can be opened: {scheme}://" if separator else "this is no store's URL"
    return f"{what}; a state store is {_MEMORY} or {_SQLITE}PATH, without options"
