"""A secret of this installation, made when it is first needed."""

import os
import secrets
import stat
from pathlib import Path

from lunaroute_core.errors import ConfigurationError
from lunaroute_storage.private_file import (
    PRIVATE_FILE,
    create_private_file,
    make_private_directory,
)

SECRET_BYTES = 32

# What Windows lacks is not needed there.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def secret_file(path: Path) -> bytes:
    """The 32 random bytes in the file at `path`, which is created if it is not there.

    The file has mode 0600, and so has its directory 0700 if it has to be created. Processes
    that start at the same time get the same secret.

    Raises:
        ConfigurationError: it cannot be read or created, is not 32 bytes long, is a symbolic
            link, belongs to somebody else, or can be read by everybody.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        return _create(path)
    except OSError as error:
        raise _refusal(path, _reason(path, error)) from error


def _create(path: Path) -> bytes:
    try:
        make_private_directory(path.parent)
        create_private_file(path, _write_secret)
        return _read(path)
    except OSError as error:
        raise _refusal(path, _reason(path, error)) from error


def _write_secret(path: Path) -> None:
    with path.open("wb") as file:
        file.write(secrets.token_bytes(SECRET_BYTES))
        file.flush()
        # Whatever is encrypted with it must not outlive it.
        os.fsync(file.fileno())


def _read(path: Path) -> bytes:
    descriptor = os.open(path, _READ)
    try:
        _check(path, descriptor)
        secret = os.read(descriptor, SECRET_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(secret) != SECRET_BYTES:
        raise _refusal(path, f"a secret has {SECRET_BYTES} bytes, and this file has not")
    return secret


def _check(path: Path, descriptor: int) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(path, "it is not a file")
    if os.name != "posix":
        return
    if status.st_uid != os.geteuid():
        raise _refusal(path, "it belongs to another user")
    if status.st_mode & 0o007:
        raise _refusal(path, "everybody may read it; remove it, and a new one is made")
    if status.st_mode & 0o070:
        # Orchestrators give volumes to a group, with all that is on them, at each start.
        os.fchmod(descriptor, PRIVATE_FILE)


def _reason(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return "a secret is not read through a symbolic link"
    return f"the secret cannot be read or created: {error.strerror}"


def _refusal(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(reason, source=str(path))
