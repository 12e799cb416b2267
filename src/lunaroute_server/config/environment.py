"""The environment variables that set configuration values.

`OPENAI_BASE_URL` and `ANTHROPIC_BASE_URL` are not among them: a shell that exports them for
its clients, so that they talk to this gateway, would make the gateway talk to itself.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from attrs import define, field

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.location import VARIABLE as CONFIG_VARIABLE
from lunaroute_server.config.origin import Origin, Setting

PREFIX = "LUNAROUTE_"
VENDORS = ("openai", "anthropic")
_RETRIES: KeyPath = ("retry", "max_retries")
_OTHER_RETRIES: KeyPath = ("http_client", "max_retries")
"""Where the original has them."""


def _per_vendor(*keys: str) -> dict[str, KeyPath]:
    return {
        f"{PREFIX}{vendor.upper()}_{key.upper()}": ("providers", vendor, "http_client", key)
        for vendor in VENDORS
        for key in keys
    }


VARIABLES: dict[str, KeyPath] = {
    "LUNAROUTE_HOST": ("host",),
    "LUNAROUTE_PORT": ("port",),
    "LUNAROUTE_DIALECT": ("api_dialect",),
    "LUNAROUTE_LOG_LEVEL": ("logging", "level"),
    "LUNAROUTE_LOG_REQUESTS": ("logging", "log_requests"),
    "LUNAROUTE_BYPASS_ENABLED": ("bypass", "enabled"),
    "LUNAROUTE_BYPASS_PROVIDER": ("bypass", "provider"),
    **_per_vendor(
        "timeout_secs", "connect_timeout_secs", "pool_idle_timeout_secs", "tcp_keepalive_secs"
    ),
    **{
        f"{PREFIX}{vendor.upper()}_MAX_RETRIES": ("providers", vendor, *_RETRIES)
        for vendor in VENDORS
    },
}
"""Each variable and the key it sets."""

KEY_VARIABLES = {vendor: f"{vendor.upper()}_API_KEY" for vendor in VENDORS}
"""Whose key each vendor's variable is. It replaces the keys of the provider of that name."""

_NO_KEY = frozenset({CONFIG_VARIABLE, "LUNAROUTE_HOME"})
"""Variables that have an effect without setting a key."""

_VENDOR_HOSTS = {"openai": ".openai.com", "anthropic": ".anthropic.com"}


@define(kw_only=True)
class EnvironmentReader:
    """Finds the variables that concern a configuration. An empty variable counts as unset.

    Attributes:
        environment: the variables.
        providers: what the file says of each provider, under the model's keys.
        warnings: variables that were set in vain.
    """

    environment: Mapping[str, str]
    providers: Mapping[str, JSONValue]
    warnings: list[str] = field(factory=list[str], init=False)

    def settings(self) -> Iterator[Setting]:
        for name, value in sorted(self.environment.items()):
            if name in VARIABLES and value:
                yield from self._setting(name, VARIABLES[name], value)
            elif name.startswith(PREFIX) and name not in _NO_KEY and value:
                self.warnings.append(f"{name} has no effect in this version")
        for provider, name in KEY_VARIABLES.items():
            config = self.providers.get(provider)
            key = self.environment.get(name)
            if key and isinstance(config, dict) and config.get("type") != "mock":
                yield from self._keys(provider, name, key, config)

    def _setting(self, name: str, path: KeyPath, value: str) -> Iterator[Setting]:
        if path[0] == "providers" and path[1] not in self.providers:
            self.warnings.append(f'{name} has no effect: there is no provider "{path[1]}"')
            return
        yield Setting(path=path, value=value, origin=_origin(name))
        if path[2:] == _RETRIES:
            other = (*path[:2], *_OTHER_RETRIES)
            yield Setting(path=other, value=None, origin=_origin(name))

    def _keys(self, provider: str, name: str, key: str, config: JSONObject) -> Iterator[Setting]:
        has_own = bool(config.get("api_key") or config.get("api_keys"))
        if has_own and not _is_vendor(config.get("base_url"), provider):
            # A third party has its own keys: the vendor's must not be sent there instead.
            self.warnings.append(
                f'{name} is not used: provider "{provider}" has its own key, for its base_url'
            )
            return
        yield Setting(path=("providers", provider, "api_key"), value=key, origin=_origin(name))
        if config.get("api_keys"):
            path = ("providers", provider, "api_keys")
            yield Setting(path=path, value=[], origin=_origin(name))


def _is_vendor(base_url: JSONValue, provider: str) -> bool:
    if not isinstance(base_url, str):
        return True
    return f".{_host(base_url)}".endswith(_VENDOR_HOSTS[provider])


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # refused with the file's other problems
        return ""


def _origin(variable: str) -> Origin:
    return Origin(kind="environment", name=variable)
