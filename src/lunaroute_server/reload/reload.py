"""What of a configuration can change while requests are served, and what came of it."""

from collections.abc import Iterator
from typing import cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_server.config import Config, LoadedConfig, ProviderConfig
from lunaroute_server.config.key_path import KeyPath, format_path
from lunaroute_server.config.resolution import SECTIONS

ROUTED_KEYS = (*SECTIONS, "switch_notification_message")
"""Of a provider: what only the router goes by."""

FIXED_ROUTING_KEYS = ("watch", "share_cooldowns")
"""Of `routing`: what is decided when the server starts."""


class Reload(Struct, frozen=True, kw_only=True):
    """What a reload did.

    Attributes:
        config: in effect from now on.
        changed: the paths of what has changed by it.
        restart_needed: the paths of what is written differently now, but takes effect when the
            server is started again.
        warnings: what was set in vain.
    """

    config: Config
    changed: tuple[str, ...] = ()
    restart_needed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def between(cls, running: Config, loaded: LoadedConfig) -> "Reload":
        """What becomes of a running configuration when another one has been read."""
        read = loaded.config
        config = with_routing_of(running, read)
        return cls(
            config=config,
            changed=tuple(differences(running, config)),
            restart_needed=tuple(differences(config, read)),
            warnings=loaded.warnings,
        )


def with_routing_of(running: Config, read: Config) -> Config:
    """`running`, with what the router goes by taken from `read`."""
    fixed = {key: getattr(running.routing, key) for key in FIXED_ROUTING_KEYS}
    providers = {
        name: _provider(one, read.providers[name]) if name in read.providers else one
        for name, one in running.providers.items()
    }
    return replace(running, routing=replace(read.routing, **fixed), providers=providers)


def _provider(running: ProviderConfig, read: ProviderConfig) -> ProviderConfig:
    routed = {key: getattr(read, key) for key in ROUTED_KEYS}
    http_client = replace(running.http_client, max_retries=read.http_client.max_retries)
    return replace(running, http_client=http_client, **routed)


def differences(one: Config, other: Config) -> Iterator[str]:
    """The paths at which two configurations differ; their values may be secrets."""
    pair = (cast("JSONObject", msgspec.to_builtins(each)) for each in (one, other))
    return (format_path(path) for path in _differences(*pair, path=()))


def _differences(one: JSONValue, other: JSONValue, *, path: KeyPath) -> Iterator[KeyPath]:
    if one == other:
        return
    match one, other:
        case dict(), dict():
            for key in dict.fromkeys((*one, *other)):
                if key in one and key in other:
                    yield from _differences(one[key], other[key], path=(*path, key))
                else:
                    yield (*path, key)
        case (list() | tuple(), list() | tuple()) if len(one) == len(other):
            for position, pair in enumerate(zip(one, other, strict=True)):
                yield from _differences(*pair, path=(*path, position))
        case _:
            yield path
