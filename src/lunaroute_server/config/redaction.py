"""A configuration as it may be shown: without its secrets."""

import re
from collections.abc import Iterator
from typing import cast

import msgspec
from msgspec import Struct

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_server.config.key_path import format_path, leaves
from lunaroute_server.config.loading import LoadedConfig
from lunaroute_server.config.model import Config
from lunaroute_server.config.origin import Origin

MASK = "********"

_SECRET_NAME = re.compile(
    r"auth|cookie|credential|passw|secret|signature|token(?!s)|(^|[-_])key|apikey", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"\bsk-|\b(Bearer|Basic)\s", re.IGNORECASE)


class EffectiveSetting(Struct, frozen=True, kw_only=True):
    """One value in effect, fit to be shown, and where it comes from."""

    path: str
    value: JSONValue
    origin: Origin


def redacted(config: Config) -> JSONObject:
    """The whole configuration, defaults included, with every secret masked."""
    shown: JSONObject = msgspec.json.decode(msgspec.json.encode(config))
    providers = cast(dict[str, JSONObject], shown["providers"])
    for provider in providers.values():
        _mask_provider(provider)
    shown["routing"] = _masked(shown["routing"])
    state = cast(JSONObject, shown["state"])
    if state["secret"]:
        state["secret"] = MASK
    return shown


def effective(loaded: LoadedConfig) -> tuple[EffectiveSetting, ...]:
    """Every value in effect, in the model's order, with secrets masked."""
    return tuple(_settings(loaded))


def _settings(loaded: LoadedConfig) -> Iterator[EffectiveSetting]:
    for path, value in leaves(redacted(loaded.config)):
        yield EffectiveSetting(path=format_path(path), value=value, origin=loaded.origin(path))


def _mask_provider(provider: JSONObject) -> None:
    if provider["api_key"]:
        provider["api_key"] = MASK
    provider["api_keys"] = [MASK for _ in cast(list[str], provider["api_keys"])]
    provider["request_headers"] = _masked(provider["request_headers"])
    provider["request_body"] = _masked(provider["request_body"])


def _masked(value: JSONValue, name: str = "") -> JSONValue:
    match value:
        case str():
            return MASK if _SECRET_NAME.search(name) or _SECRET_VALUE.search(value) else value
        case list():
            return [_masked(item, name) for item in value]
        case dict():
            return {key: _masked(item, key) for key, item in value.items()}
        case _:
            return value
