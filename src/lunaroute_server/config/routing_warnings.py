"""What a configuration says about routing in vain, though it is no mistake to say it."""

from collections.abc import Container, Iterator

import msgspec
from msgspec import Struct

from lunaroute_core.dialects.registry import DIALECTS
from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.model import Config
from lunaroute_server.config.model_reach import Reach, reach_of
from lunaroute_server.config.routing import RoutingConfig
from lunaroute_server.config.routing_rule import (
    AliasConfig,
    MatchConfig,
    RuleConfig,
    listed,
    rule_name,
)

OF_CONTENT = (
    "model",
    "model_glob",
    "model_pattern",
    "stream",
    "min_input_tokens",
    "max_input_tokens",
    "has_tools",
    "has_images",
)
"""What a rule may ask that only requests tell which the gateway reads."""
_NOTHING = MatchConfig()


def routing_warnings(config: Config) -> Iterator[str]:
    yield from _unused_primaries(config)
    yield from _unreachable(config)
    yield from _ambiguous(config)
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
    """A rule or an alias, as messages and as clients call it, and what it takes."""

    name: str
    own_name: str
    match: MatchConfig
    reach: Reach


def _in_order(routing: RoutingConfig) -> list[_Tried]:
    """Rules and aliases as they are tried: an alias is a rule for its name."""
    named = [
        (rule.priority, "rule", rule_name(rule, position), rule.match)
        for position, rule in enumerate(routing.rules)
    ]
    named += [
        (alias.priority, "alias", name, MatchConfig(model=(name,)))
        for name, alias in routing.aliases.items()
    ]
    named.sort(key=lambda item: -item[0])
    return [
        _Tried(f'{kind} "{name}"', name, match, reach_of(match)) for _, kind, name, match in named
    ]


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
            why = _goes_before(one.reach, enabled) or _is_unread(one.match)
        if why is not None:
            yield f"{one.name} takes no request by itself: {why}"
        same.setdefault(match, one.name)
        if one.reach.whole:
            wide.append(one)


def _ambiguous(config: Config) -> Iterator[str]:
    """Names that do not lead where somebody may think who says them."""
    for one in _in_order(config.routing):
        if one.own_name in config.providers:
            yield (
                f"{one.name} is called like a provider: X-Luna-Route leads to the former,"
                f" [LUNAROUTE:{one.own_name}] to the latter"
            )
        elif one.own_name == "clear":
            yield f"{one.name} cannot be named by [LUNAROUTE:clear], which ends what was chosen"


def _goes_before(reach: Reach, providers: Container[str]) -> str | None:
    """What clients say, and that goes before every rule, of all that a rule takes."""
    if reach.others.override:
        return "a provider that the client names goes before all rules"
    provider, slash, _ = reach.prefix.partition("/")
    if slash and provider in providers:
        return f'"{provider}/" in front of a model asks provider "{provider}", before all rules'
    return None


def _is_unread(match: MatchConfig) -> str | None:
    """What a rule asks of requests that are forwarded as they are, where it is for them alone."""
    paths = listed(match.path)
    asked = [name for name in OF_CONTENT if getattr(match, name) != getattr(_NOTHING, name)]
    if not paths or not asked or any(map(_is_read, paths)):
        return None
    return f"at {' and '.join(paths)} nothing is known of {', '.join(asked)}"


def _is_read(beginning: str) -> bool:
    """Whether requests are decoded at some path with that beginning."""
    beginning = f"{beginning.rstrip('/')}/"
    counts = (it.token_count.path for it in DIALECTS.values() if it.token_count is not None)
    read = (*(path for it in DIALECTS.values() for path in it.paths), *counts)
    return any(f"{path}/".startswith(beginning) for path in read)
