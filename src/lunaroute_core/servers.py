"""Who answers at an upstream's address, where it is not, or not only, the dialect's vendor.

A dialect keeps what is known of servers that speak it in `servers.json`, beside its codec.
The last entry there stands for all that are not known: it is cautious, since a field too
many is a refusal while one too few is seldom missed.
"""

from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of server.

    Attributes:
        name: by which a configuration can name it.
        source: where this is known from.
        hosts: patterns of its host names, or of host and port.
        states_capabilities: whether its list of models says what they accept.
        capabilities: the fields of `Capabilities` that all its models have in common.
        models: by model name pattern, the fields of some; they go before `capabilities`.
    """

    name: str
    source: str
    hosts: tuple[str, ...] = ()
    states_capabilities: bool = False
    capabilities: dict[str, Any] = {}
    models: dict[str, dict[str, Any]] = {}


@cache
def server_at(dialect: str, base_url: str, *, name: str | None = None) -> Server | None:
    """The server at an address, or the one of a name if the dialect knows that name.

    None in a dialect that knows of no servers.
    """
    host, address = _host_and_address(base_url)
    for server in servers(dialect):
        if server.name == name:
            return server
    for server in servers(dialect):
        for pattern in server.hosts:
            if fnmatchcase(host, pattern) or fnmatchcase(address, pattern):
                return server
    return None


@cache
def servers(dialect: str) -> tuple[Server, ...]:
    """All that a dialect knows of, in the order of its file."""
    file = resources.files(f"lunaroute_core.dialects.{dialect}").joinpath("servers.json")
    if not file.is_file():
        return ()
    return msgspec.json.decode(file.read_bytes(), type=tuple[Server, ...])


def _host_and_address(base_url: str) -> tuple[str, str]:
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    return host, f"{host}:{parts.port}"
