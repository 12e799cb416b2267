"""One configuration out of a file, the environment and the command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from msgspec import Struct

from lunaroute_core.json_value import JSONObject
from lunaroute_server.config.document import Document, read_document
from lunaroute_server.config.environment import EnvironmentReader
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.layers import Layers
from lunaroute_server.config.location import find_config
from lunaroute_server.config.model import Config
from lunaroute_server.config.origin import Origin
from lunaroute_server.config.overrides import Overrides
from lunaroute_server.config.reader import Reader
from lunaroute_server.config.routing_warnings import routing_warnings


class LoadedConfig(Struct, frozen=True, kw_only=True):
    """A configuration that holds, and where it comes from."""

    config: Config
    path: Path | None = None
    """The file, if any was read."""
    origins: dict[KeyPath, Origin] = {}
    """Of every value that is not a default."""
    warnings: tuple[str, ...] = ()
    """What was set in vain."""

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at a path comes from."""
        return self.origins.get(path, Origin())


def load_config(
    path: Path | None = None,
    *,
    environment: Mapping[str, str],
    overrides: Overrides = Overrides(),  # noqa: B008 - frozen
) -> LoadedConfig:
    """The configuration: defaults, then the file, then the environment, then the arguments.

    Args:
        path: the file, `.yaml`, `.yml`, `.toml` or `.json`. None looks where
            `LUNAROUTE_CONFIG` points, then for `~/.lunaroute/config.*`, and does without.
        environment: the environment variables, usually `os.environ`.
        overrides: the command line's arguments.

    Raises:
        ConfigurationError: naming file and line (or variable, or argument), key and reason.
            Several problems come as one `InvalidConfigurationError`.
    """
    path = find_config(path, environment)
    document = read_document(path) if path else Document(name="", data={})
    layers = _read(document, environment)
    variables = EnvironmentReader(environment=environment, providers=layers.providers)
    layers.lay(variables.settings())
    layers.lay(overrides.settings())
    config = layers.config()
    return LoadedConfig(
        config=config,
        path=path,
        origins=layers.origins,
        warnings=(*variables.warnings, *routing_warnings(config)),
    )


def config_from_mapping(
    data: Mapping[str, object], *, environment: Mapping[str, str] | None = None
) -> Config:
    """A configuration from values as a file would give them, for use as a library.

    `environment` fills in the `${VAR}` in them; no variable sets a key by itself.

    Raises:
        ConfigurationError: something is wrong with them.
    """
    document = Document(name="", data=cast(JSONObject, dict(data)))
    return _read(document, environment or {}).config()


def _read(document: Document, environment: Mapping[str, str]) -> Layers:
    reader = Reader(environment=environment, place=document.place, problems=list(document.problems))
    data = reader.section(document.data, Config)
    return Layers(document=document, data=data, problems=reader.problems, written=reader.written)
