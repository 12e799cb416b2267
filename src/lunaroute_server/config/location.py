"""Which configuration file is meant."""

from collections.abc import Mapping
from pathlib import Path

from lunaroute_core.errors import ConfigurationError

VARIABLE = "LUNAROUTE_CONFIG"
_HOME_VARIABLE = "LUNAROUTE_HOME"
_HOME = "~/.lunaroute"
_NAMES = ("config.yaml", "config.yml", "config.toml", "config.json")


def find_config(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The file to read: `path`, else what `LUNAROUTE_CONFIG` names, else the first that is
    there of `config.{yaml,yml,toml,json}` in `LUNAROUTE_HOME`, which is `~/.lunaroute` unless
    the environment says otherwise, else None.

    Raises:
        ConfigurationError: a file that was asked for is not there.
    """
    named = environment.get(VARIABLE)
    if path is None and named:
        return _existing(Path(named), environment, asked_by=VARIABLE)
    if path is not None:
        return _existing(path, environment, asked_by=None)
    home = _expand_user(Path(environment.get(_HOME_VARIABLE) or _HOME), environment)
    return next((home / name for name in _NAMES if (home / name).is_file()), None)


def _existing(path: Path, environment: Mapping[str, str], *, asked_by: str | None) -> Path:
    path = _expand_user(path, environment)
    if path.is_file():
        return path
    reason = "is not a file" if path.exists() else "no such file"
    raise ConfigurationError(f"{path}: {reason}", source=asked_by)


def _expand_user(path: Path, environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME")
    if home and path.parts[:1] == ("~",):
        return Path(home, *path.parts[1:])
    return path.expanduser()
