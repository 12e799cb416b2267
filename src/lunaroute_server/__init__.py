"""The bundled server: configuration, composition, command line."""

from lunaroute_server.app import create_app
from lunaroute_server.config import Config, load_config
from lunaroute_server.gateway import Gateway

__all__ = ["Config", "Gateway", "create_app", "load_config"]
