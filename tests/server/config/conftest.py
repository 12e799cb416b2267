"""Configurations from text, as a user writes them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lunaroute_server.config import LoadedConfig, Overrides, load_config

Load = Callable[..., LoadedConfig]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a configuration file and returns its path."""

    def write(text: str, name: str = "config.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def load(write: Callable[..., Path], tmp_path: Path) -> Load:
    """Loads a YAML text, with nothing of the machine's own environment."""

    def load(
        text: str = "",
        *,
        environment: Mapping[str, str] | None = None,
        overrides: Overrides | None = None,
    ) -> LoadedConfig:
        return load_config(
            write(text) if text else None,
            environment={"HOME": str(tmp_path / "home"), **(environment or {})},
            overrides=overrides or Overrides(),
        )

    return load
