"""Whether what is said of failures makes sense, with what it leaves to the levels around it."""

from collections.abc import Iterator

from lunaroute_routing.settings import RoutingSettings
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.model import Config
from lunaroute_server.config.problem import Problem
from lunaroute_server.config.resilience import Resilience
from lunaroute_server.config.resolution import SECTIONS, resolved
from lunaroute_server.config.routing_rule import AliasConfig, RuleConfig
from lunaroute_server.config.rule_tiers import rule_chain, rule_tiers

_ORDERED = (
    ("health", "unhealthy_threshold", "healthy_threshold"),
    ("cooldown", "default_secs", "max_secs"),
    ("retry", "base_ms", "max_ms"),
)
"""Of two keys of a section, the first must not be more than the second."""


def resilience_problems(config: Config) -> Iterator[Problem]:
    routing = config.routing
    yield from _level(routing, resolved(routing), ("routing",))
    for name, provider in config.providers.items():
        yield from _level(provider, resolved(routing, provider=provider), ("providers", name))
    for position, rule in enumerate(routing.rules):
        yield from _rule(config, rule, ("routing", "rules", position))
    for name, alias in routing.aliases.items():
        yield from _rule(config, alias, ("routing", "aliases", name))


def _rule(config: Config, rule: RuleConfig | AliasConfig, path: KeyPath) -> Iterator[Problem]:
    aliases = config.routing.aliases
    rules = rule_chain(rule, aliases)
    targets = [target for tier in rule_tiers(rule, aliases) for target in tier.targets]
    for name in dict.fromkeys(target.provider for target in targets):
        provider = config.providers.get(name)
        yield from _level(rule, resolved(config.routing, provider=provider, rules=rules), path)


def _level(level: Resilience, settings: RoutingSettings, path: KeyPath) -> Iterator[Problem]:
    """What is out of order through one level's own values."""
    for section, lower, upper in _ORDERED:
        own, all_together = getattr(level, section), getattr(settings, SECTIONS[section])
        low, high = getattr(all_together, lower), getattr(all_together, upper)
        if low <= high:
            continue
        if getattr(own, lower) is not None:
            reason = f"must not be more than {upper}, which is {high:g}"
            yield Problem(reason=reason, path=(*path, section, lower))
        elif getattr(own, upper) is not None:
            reason = f"must not be less than {lower}, which is {low:g}"
            yield Problem(reason=reason, path=(*path, section, upper))
