"""The bundled server: configuration, composition, command line.

The names are imported when they are first used: the command line has commands that need
neither the web framework nor the HTTP client, and those should not wait for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lunaroute_server.app import create_app
    from lunaroute_server.config import Config, load_config
    from lunaroute_server.gateway import Gateway

_HOMES = {
    "Config": "lunaroute_server.config",
    "Gateway": "lunaroute_server.gateway",
    "create_app": "lunaroute_server.app",
    "load_config": "lunaroute_server.config",
}

__all__ = ["Config", "Gateway", "create_app", "load_config"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
