"""What `doctor` looks at."""

from collections.abc import Iterator
from typing import Literal

from attrs import asdict, frozen

from lunaroute_core.errors import ConfigurationError
from lunaroute_egress import AnthropicEndpoint, OpenAIEndpoint
from lunaroute_server.cli.reachability import UNREACHABLE, Reach
from lunaroute_server.config import Config, LoadedConfig, ProviderConfig
from lunaroute_server.process import StateDirectory, is_healthy, running_server
from lunaroute_server.serving.http_server import SERVERS, is_installed
from lunaroute_server.serving.listening_socket import SocketOptions, open_listening_socket

CLOCK_TOLERANCE_SECS = 60.0

OPTIONAL_PACKAGES = (*(name for name in SERVERS if name != "hypercorn"), "uvloop", "httpx2")


@frozen
class Finding:
    check: str
    status: Literal["ok", "warning", "failed"]
    detail: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine(
    loaded: LoadedConfig, state: StateDirectory, *, reach: Reach | None
) -> Iterator[Finding]:
    """Look at everything. Without `reach`, nothing is connected to but this machine."""
    yield Finding("configuration", "ok", str(loaded.path or "the defaults"))
    for warning in loaded.warnings:
        yield Finding("configuration", "warning", warning)
    yield _state(state)
    yield _port(loaded.config, state)
    enabled = {name: one for name, one in loaded.config.providers.items() if one.enabled}
    if not enabled:
        yield Finding("providers", "failed", "none is enabled")
    for name, provider in enabled.items():
        yield _credentials(name, provider)
    yield from _reachability(enabled, reach)
    for package in OPTIONAL_PACKAGES:
        yield Finding(f"extra {package}", "ok", _installed(package))


def _installed(package: str) -> str:
    return "installed" if is_installed(package) else "not installed"


def _state(state: StateDirectory) -> Finding:
    probe = state.root / "doctor"
    try:
        state.write(probe, b"")
        probe.unlink()
    except OSError as error:
        reason = f"{state.root} cannot be written to ({error.strerror}): set LUNAROUTE_HOME"
        return Finding("state directory", "failed", reason)
    return Finding("state directory", "ok", str(state.root))


def _port(config: Config, state: StateDirectory) -> Finding:
    record = running_server(state, config.port)
    if record is not None and is_healthy(record):
        detail = f"LunaRoute answers on {record.url} (process {record.pid})"
        return Finding("port", "ok", detail)
    try:
        open_listening_socket(
            config.host, config.port, options=SocketOptions(), loopback_only=True
        ).close()
    except ConfigurationError as error:
        return Finding("port", "failed", error.reason)
    return Finding("port", "ok", f"{config.port} on {config.host} is free")


def _credentials(name: str, provider: ProviderConfig) -> Finding:
    check = f"{name}: credentials"
    if provider.type == "mock":
        return Finding(check, "ok", "none needed")
    if provider.keys:
        return Finding(check, "ok", f"{len(provider.keys)} from the configuration")
    if provider.forward_client_credentials is False:
        return Finding(check, "warning", "none, and clients' own are not passed on")
    return Finding(check, "ok", "clients' own are passed on")


def _reachability(providers: dict[str, ProviderConfig], reach: Reach | None) -> Iterator[Finding]:
    offsets: list[float] = []
    for name, provider in providers.items():
        if provider.type == "mock" or reach is None:
            continue
        url = _base_url(provider)
        try:
            reached = reach(url)
        except UNREACHABLE as error:
            yield Finding(f"{name}: reachable", "failed", f"{url}: {error}")
            continue
        yield Finding(f"{name}: reachable", "ok", f"{url} {reached.route}")
        if reached.clock_ahead_secs is not None:
            offsets.append(reached.clock_ahead_secs)
    yield _clock(offsets)


def _base_url(provider: ProviderConfig) -> str:
    if provider.base_url is not None:
        return provider.base_url
    return (AnthropicEndpoint() if provider.type == "anthropic" else OpenAIEndpoint()).base_url


def _clock(offsets: list[float]) -> Finding:
    """A wrong clock breaks TLS, and the times in logs."""
    if not offsets:
        return Finding("clock", "ok", "not compared: no provider was asked for the time")
    offset = min(offsets, key=abs)
    if abs(offset) > CLOCK_TOLERANCE_SECS:
        direction = "ahead of" if offset > 0 else "behind"
        detail = f"{abs(offset):.0f} s {direction} the providers'"
        return Finding("clock", "warning", detail)
    return Finding("clock", "ok", "agrees with the providers'")
