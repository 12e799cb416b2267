"""Where a configuration comes from, so that it can be read again."""

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from lunaroute_server.config import LoadedConfig, Overrides, load_config


@frozen(kw_only=True)
class ConfigSource:
    """What `load_config` is told, kept.

    Attributes:
        path: the file; None: it is looked for each time.
        environment: the variables as they are when it is read: usually `os.environ` itself.
        overrides: the command line's arguments.
    """

    path: Path | None
    environment: Mapping[str, str]
    overrides: Overrides = field(factory=Overrides)

    def read(self) -> LoadedConfig:
        """
        Raises:
            ConfigurationError: something is wrong with it.
        """
        return load_config(self.path, environment=self.environment, overrides=self.overrides)
