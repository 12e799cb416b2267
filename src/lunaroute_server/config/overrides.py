"""What the command line's arguments say about the configuration."""

from collections.abc import Iterator

from msgspec import Struct

from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.model import ApiDialect, LogFormat, LogLevel
from lunaroute_server.config.origin import Origin, Setting

_ARGUMENTS: dict[str, tuple[str, KeyPath]] = {
    "host": ("--host", ("host",)),
    "port": ("--port", ("port",)),
    "api_dialect": ("--dialect", ("api_dialect",)),
    "log_level": ("--log-level", ("logging", "level")),
    "log_requests": ("--log-requests", ("logging", "log_requests")),
    "log_format": ("--log-format", ("logging", "format")),
}


class Overrides(Struct, frozen=True, kw_only=True):
    """None is an argument that was not given. They win over everything else."""

    host: str | None = None
    port: int | None = None
    api_dialect: ApiDialect | None = None
    log_level: LogLevel | None = None
    log_requests: bool | None = None
    log_format: LogFormat | None = None

    def settings(self) -> Iterator[Setting]:
        for name, (argument, path) in _ARGUMENTS.items():
            value: str | int | None = getattr(self, name)
            if value is not None:
                yield Setting(path=path, value=value, origin=_origin(argument))


def _origin(argument: str) -> Origin:
    return Origin(kind="argument", name=argument)
