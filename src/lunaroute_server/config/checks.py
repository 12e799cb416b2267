"""What the types cannot say: whether the values of a configuration make sense together."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, get_args
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import fields

from lunaroute_core.capabilities import EFFORTS, Capabilities, Effort
from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_core.errors import ConfigurationError
from lunaroute_core.json_value import JSONValue
from lunaroute_core.servers import servers
from lunaroute_egress.endpoints import is_loopback
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.model import Config
from lunaroute_server.config.problem import Problem
from lunaroute_server.config.provider import ProviderConfig, ProviderType
from lunaroute_server.config.provider_edit_checks import edit_problems
from lunaroute_server.config.resilience_checks import resilience_problems
from lunaroute_server.config.resolution import SECTIONS
from lunaroute_server.config.routing_checks import routing_problems
from lunaroute_storage import open_state_store

_PROVIDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_HOST_NAME = re.compile(r"[a-z0-9._-]+")
_EVERY_ADDRESS = ("0.0.0.0", "::", "")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TYPES: tuple[ProviderType, ...] = get_args(ProviderType)
_VENDOR_TYPES = tuple(kind for kind in _TYPES if kind != "mock")
_ONLY_FOR: dict[str, tuple[ProviderType, ...]] = {
    "type": _TYPES,
    "enabled": _TYPES,
    "mock": ("mock",),
    "api_version": ("anthropic", "azure-openai"),
    "deployments": ("azure-openai",),
    **dict.fromkeys(SECTIONS, _TYPES),
    "switch_notification_message": _TYPES,
}
"""The provider types a key has an effect on; other keys have one on all but `mock`."""


def check(config: Config) -> tuple[Problem, ...]:
    """Everything that is wrong with a configuration whose types are right."""
    return tuple(_problems(config))


def _problems(config: Config) -> Iterator[Problem]:
    yield from _listening(config)
    yield from _bypass(config)
    yield from _state(config)
    yield from routing_problems(config)
    yield from resilience_problems(config)
    if not any(provider.enabled for provider in config.providers.values()):
        yield Problem.at("no provider is enabled", "providers")
    for name, provider in config.providers.items():
        path = ("providers", name)
        if not _PROVIDER_NAME.fullmatch(name):
            yield Problem.at("a provider's name is letters, digits, - and _", *path)
        yield from _provider(provider, path)
        yield from _base_url(provider, path, config)
        yield from _server(provider, (*path, "server"))
        yield from _capabilities(provider, (*path, "capabilities"))
        yield from edit_problems(provider, path)


def _server(provider: ProviderConfig, path: KeyPath) -> Iterator[Problem]:
    if provider.server is None:
        return
    spoken = [name for name in provider.spoken_dialects if name in DIALECTS]
    known = {server.name for dialect in spoken for server in servers(dialect)}
    if provider.server not in known:
        yield Problem.at(f"unknown; known are {', '.join(sorted(known))}", *path)


def _capabilities(provider: ProviderConfig, path: KeyPath) -> Iterator[Problem]:
    types = {field.name: field.type for field in fields(Capabilities)}
    for pattern, profile in provider.capabilities.items():
        for name, value in profile.items():
            here = (*path, pattern, name)
            if name not in types:
                yield Problem.at(f"unknown capability; known are {', '.join(types)}", *here)
            elif (reason := _wrong(value, types[name])) is not None:
                yield Problem.at(reason, *here)
            elif name == "efforts" and not _is_ordered(value):
                yield Problem.at(f"must be in this order: {', '.join(EFFORTS)}", *here)


def _is_ordered(value: JSONValue) -> bool:
    efforts = msgspec.convert(value, list[Effort])
    return efforts == sorted(efforts, key=EFFORTS.index)


def _wrong(value: JSONValue, kind: Any) -> str | None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _listening(config: Config) -> Iterator[Problem]:
    if not config.host or any(character in config.host for character in "/ "):
        yield Problem.at("must be an address or a host name", "host")
    for position, host in enumerate(config.http_server.allowed_hosts):
        if not _HOST_NAME.fullmatch(host) and not _is_address(host):
            reason = "must be a host name in lower case, without scheme, port and path"
            yield Problem.at(reason, "http_server", "allowed_hosts", position)
    for position, origin in enumerate(config.http_server.allowed_origins):
        parts = _split(origin)
        is_origin = parts is not None and origin == f"{parts.scheme}://{parts.netloc}".lower()
        if not is_origin and origin != "*":
            reason = "must be an origin such as https://app.example.com, without a path, or *"
            yield Problem.at(reason, "http_server", "allowed_origins", position)


def _bypass(config: Config) -> Iterator[Problem]:
    name = config.bypass.provider
    if name is None:
        return
    provider = config.providers.get(name)
    if provider is None:
        yield Problem.at(f'there is no provider "{name}"', "bypass", "provider")
    elif not provider.enabled:
        yield Problem.at(f'provider "{name}" is not enabled', "bypass", "provider")
    elif provider.type == "mock":
        yield Problem.at("the mock provider has no paths of a vendor", "bypass", "provider")


def _state(config: Config) -> Iterator[Problem]:
    try:
        open_state_store(config.state.url)
    except ConfigurationError as error:
        yield Problem.at(error.reason, "state", "url")


def _provider(provider: ProviderConfig, path: KeyPath) -> Iterator[Problem]:
    for key in _without_effect(provider):
        yield Problem.at(f'has no effect on a provider of type "{provider.type}"', *path, key)
    if provider.type == "azure-openai" and provider.base_url is None:
        yield Problem.at(
            'is missing: a provider of type "azure-openai" needs it', *path, "base_url"
        )
    if provider.deployments and provider.type == "azure-openai" and provider.api_version is None:
        yield Problem.at("has an effect only together with api_version", *path, "deployments")
    if provider.model and provider.models:
        yield Problem.at("has no effect beside model, which replaces every name", *path, "models")
    yield from _dialects(provider, (*path, "dialects"))


def _without_effect(provider: ProviderConfig) -> Iterator[str]:
    """Keys that are set although providers of this type have no use for them."""
    for each in fields(ProviderConfig):
        types = _ONLY_FOR.get(each.name, _VENDOR_TYPES)
        default: object = {} if each.default is NODEFAULT else each.default
        if provider.type not in types and getattr(provider, each.name) != default:
            yield each.name


def _dialects(provider: ProviderConfig, path: KeyPath) -> Iterator[Problem]:
    names = provider.dialects
    if names is None:
        return
    if not names:
        yield Problem.at("must name at least one dialect", *path)
    for position, name in enumerate(names):
        if name not in DIALECTS:
            reason = f'unknown dialect "{name}"; known are {", ".join(DIALECTS)}'
            yield Problem.at(reason, *path, position)
        elif name in names[:position]:
            yield Problem.at(f'"{name}" is here twice', *path, position)


def _base_url(provider: ProviderConfig, path: KeyPath, config: Config) -> Iterator[Problem]:
    if provider.base_url is None:
        return
    path = (*path, "base_url")
    parts = _split(provider.base_url)
    if parts is None or parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        yield Problem.at("must be an http:// or https:// URL with a host", *path)
    elif "@" in parts.netloc:
        yield Problem.at("must not hold a password: set it in request_headers", *path)
    elif parts.query or parts.fragment:
        yield Problem.at("must have neither a query nor a fragment", *path)
    elif provider.enabled and _is_this_gateway(parts, config):
        yield Problem.at("leads to this gateway itself, which would call itself for ever", *path)


def _is_this_gateway(url: SplitResult, config: Config) -> bool:
    if (url.port or _DEFAULT_PORTS[url.scheme]) != config.port:
        return False
    host = url.hostname or ""
    if is_loopback(host):
        return is_loopback(config.host) or config.host in _EVERY_ADDRESS
    return host == config.host.lower()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # out of range is an error only when asked for
    except ValueError:
        return None
    return parts if parts.scheme and parts.netloc else None
