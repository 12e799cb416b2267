"""What holds about failures once all levels of a configuration are laid over each other."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lunaroute_routing.settings import RoutingSettings
from lunaroute_server.config.provider import ProviderConfig
from lunaroute_server.config.resilience import CooldownConfig, Resilience, RetryConfig
from lunaroute_server.config.routing import RoutingConfig
from lunaroute_server.config.routing_rule import AliasConfig, RuleConfig

Settings = TypeVar("Settings", bound=Struct)

SECTIONS = {
    "circuit_breaker": "breaker",
    "health": "health",
    "cooldown": "cooldown",
    "retry": "retry",
    "timeouts": "timeouts",
    "hedge": "hedge",
}
"""Each section that may stand at every level, and what it becomes."""


def resolved(
    routing: RoutingConfig,
    *,
    provider: ProviderConfig | None = None,
    rules: Sequence[RuleConfig | AliasConfig] = (),
) -> RoutingSettings:
    """The rules' values, a later one's first; else the provider's, `routing`'s, the defaults."""
    levels: list[Resilience] = [routing]
    if provider is not None:
        levels.append(_with_retries(provider))
    levels.extend(_with_backoff(rule) for rule in rules)
    settings = RoutingSettings(commit_after_secs=routing.commit_after_secs)
    for level in levels:
        changes = {
            name: _laid_over(getattr(settings, name), getattr(level, section))
            for section, name in SECTIONS.items()
        }
        settings = replace(settings, **changes)
    return settings


def _laid_over(settings: Settings, section: Struct) -> Settings:
    given = {name: getattr(section, name) for name in section.__struct_fields__}
    changes = {name: value for name, value in given.items() if value is not None}
    return replace(settings, **changes) if changes else settings


def _with_retries(provider: ProviderConfig) -> ProviderConfig:
    retries = provider.http_client.max_retries
    if retries is None:
        return provider
    return replace(provider, retry=_laid_over(RetryConfig(max_retries=retries), provider.retry))


def _with_backoff(rule: RuleConfig | AliasConfig) -> RuleConfig | AliasConfig:
    base = None if rule.strategy is None else rule.strategy.exponential_backoff_base_secs
    if base is None:
        return rule
    return replace(rule, cooldown=_laid_over(CooldownConfig(default_secs=base), rule.cooldown))
