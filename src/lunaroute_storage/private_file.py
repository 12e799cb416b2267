"""Files that only the user who runs the gateway can read."""

import os
import secrets
import stat
from collections.abc import Callable
from errno import ENOTDIR
from pathlib import Path

PRIVATE_DIRECTORY = 0o700
PRIVATE_FILE = 0o600


def make_private_directory(directory: Path) -> None:
    """Create a directory, and those above it, with mode 0700; one that is there is left alone.

    Raises:
        OSError: it cannot be created, or is something else.
    """
    missing = [level for level in (directory, *directory.parents) if not level.exists()]
    for level in reversed(missing):
        level.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    if not directory.is_dir():
        raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(directory))


def create_private_file(path: Path, fill: Callable[[Path], None]) -> None:
    """Create a file with mode 0600 whose whole content is there from its first moment on.

    Of several processes doing so at once one succeeds, and the others find its file. A file
    or symbolic link that is there already is not touched.

    Args:
        path: the file; its directory exists.
        fill: writes a draft, which exists, is empty and lies beside `path`.

    Raises:
        OSError: it cannot be created.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    try:
        fill(draft)
        # Unlike a rename, a link never replaces what another process was faster with.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def is_regular_file(path: Path) -> bool:
    """Whether it is a file itself, and not a link to one."""
    return stat.S_ISREG(path.lstat().st_mode)


def narrow_mode(path: Path) -> None:
    """Take a file from everybody else.

    Raises:
        OSError: it is somebody else's.
    """
    if path.lstat().st_mode & 0o077:
        path.chmod(PRIVATE_FILE)
