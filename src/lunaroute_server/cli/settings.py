"""The configuration and the state directory that a command works with."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lunaroute_server.cli.printing import note

if TYPE_CHECKING:
    from lunaroute_server.config import LoadedConfig, Overrides
    from lunaroute_server.process import StateDirectory
    from lunaroute_server.reload import ConfigSource

HOME_VARIABLE = "LUNAROUTE_HOME"

# What these functions import takes 150 ms and more, which `--help` does not need.


def load(path: Path | None, overrides: "Overrides | None" = None) -> "LoadedConfig":
    """
    Raises:
        ConfigurationError: the configuration is wrong.
    """
    from lunaroute_server.config import Overrides, load_config  # noqa: PLC0415

    return load_config(path, environment=environment(), overrides=overrides or Overrides())


def source_of(loaded: "LoadedConfig", overrides: "Overrides") -> "ConfigSource":
    """Where to read again what was read, from whatever directory."""
    from lunaroute_server.reload import ConfigSource  # noqa: PLC0415

    path = None if loaded.path is None else loaded.path.absolute()
    return ConfigSource(path=path, environment=environment(), overrides=overrides)


def environment() -> dict[str, str]:
    """The variables that configure a gateway."""
    # It is no configuration key, and the configuration says so of variables it does not know.
    return {name: value for name, value in os.environ.items() if name != HOME_VARIABLE}


def report(warnings: Iterable[str]) -> None:
    """Say what was configured in vain."""
    for warning in warnings:
        note(f"warning: {warning}")


def state_directory() -> "StateDirectory":
    from lunaroute_server.process import StateDirectory  # noqa: PLC0415

    return StateDirectory.from_environment(os.environ)
