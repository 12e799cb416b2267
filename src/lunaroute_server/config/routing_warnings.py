"""What a configuration says about routing in vain, though it is no mistake to say it."""

from collections.abc import Container, Iterator

import msgspec
from msgspec import Struct

from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.model import Config
from lunaroute_server.config.model_reach import Reach, reach_of
from lunaroute_server.config.routing import RoutingConfig
from lunaroute_server.config.routing_rule import AliasConfig, MatchConfig, RuleConfig, rule_name


def routing_warnings(config: Config) -> Iterator[str]:
    yield from _unused_primaries(config)
    yield from _unreachable(config)
    if config.routing.provider_switch_notification is None:
        for name, provider in config.providers.items():
            if provider.switch_notification_message is not None:
                path = format_path(("providers", name, "switch_notification_message"))
                yield f"{path} has no effect without routing.provider_switch_notification"


def _unused_primaries(config: Config) -> Iterator[str]:
    rules: dict[tuple[str, str | int], RuleConfig | AliasConfig] = {
        **{("rules", position): rule for position, rule in enumerate(config.routing.rules)},
        **{("aliases", name): alias for name, alias in config.routing.aliases.items()},
    }
    for path, rule in rules.items():
        if rule.strategy is not None and rule.primary is not None:
            yield f"{format_path(('routing', *path, 'primary'))} has no effect beside strategy"


class _Tried(Struct, frozen=True):
    """A rule or an alias, as messages call it, and what it takes."""

    name: str
    match: MatchConfig
    reach: Reach


def _in_order(routing: RoutingConfig) -> list[_Tried]:
    """Rules and aliases as they are tried: an alias is a rule for its name."""
    named = [
        (rule.priority, f'rule "{rule_name(rule, position)}"', rule.match)
        for position, rule in enumerate(routing.rules)
    ]
    named += [
        (alias.priority, f'alias "{name}"', MatchConfig(model=(name,)))
        for name, alias in routing.aliases.items()
    ]
    named.sort(key=lambda item: -item[0])
    return [_Tried(name, match, reach_of(match)) for _, name, match in named]


def _unreachable(config: Config) -> Iterator[str]:
    """Rules that take nothing, as far as that is easily seen: clients can name them only."""
    enabled = {name for name, provider in config.providers.items() if provider.enabled}
    wide: list[_Tried] = []
    same: dict[bytes, str] = {}
    for one in _in_order(config.routing):
        match = msgspec.json.encode(one.match)
        earlier = next((it.name for it in wide if it.reach.covers(one.reach)), same.get(match))
        if earlier is not None:
            why: str | None = f"{earlier}, which is tried earlier, takes them all"
        else:
            why = _goes_before(one.reach, enabled)
        if why is not None:
            yield f"{one.name} takes no request by itself: {why}"
        same.setdefault(match, one.name)
        if one.reach.whole:
            wide.append(one)


def _goes_before(reach: Reach, providers: Container[str]) -> str | None:
    """What clients say, and that goes before every rule, of all that a rule takes."""
    if reach.others.override:
        return "a provider that the client names goes before all rules"
    provider, slash, _ = reach.prefix.partition("/")
    if slash and provider in providers:
        return f'"{provider}/" in front of a model asks provider "{provider}", before all rules'
    return None
