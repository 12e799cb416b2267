"""Reading the configuration again while requests are served."""

from lunaroute_server.reload.config_source import ConfigSource
from lunaroute_server.reload.config_watch import ConfigWatch
from lunaroute_server.reload.reload import Reload
from lunaroute_server.reload.reloader import Reloader
from lunaroute_server.reload.reloading import Reloading

__all__ = ["ConfigSource", "ConfigWatch", "Reload", "Reloader", "Reloading"]
