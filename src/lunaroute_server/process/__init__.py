"""Servers as processes: what is known about them on disk, starting and stopping them."""

from lunaroute_server.process.background_server import (
    BackgroundServerError,
    is_healthy,
    start_in_background,
    stop_server,
)
from lunaroute_server.process.patience import Patience
from lunaroute_server.process.server_record import (
    ServerRecord,
    remove_record,
    running_server,
    running_servers,
    write_record,
)
from lunaroute_server.process.state_directory import StateDirectory

__all__ = [
    "BackgroundServerError",
    "Patience",
    "ServerRecord",
    "StateDirectory",
    "is_healthy",
    "remove_record",
    "running_server",
    "running_servers",
    "start_in_background",
    "stop_server",
    "write_record",
]
