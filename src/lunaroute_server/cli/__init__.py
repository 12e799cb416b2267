"""The command line: `lunaroute`, and `lunaroute-server`, the original's name."""

from lunaroute_server.cli.entry import main, server_main

__all__ = ["main", "server_main"]
