"""What a configuration says about routing in vain, though it is no mistake to say it."""

from collections.abc import Iterator, Sequence

from lunaroute_server.config.key_path import format_path
from lunaroute_server.config.model import Config
from lunaroute_server.config.model_reach import reach_of
from lunaroute_server.config.routing_rule import AliasConfig, RuleConfig, rule_name


def routing_warnings(config: Config) -> Iterator[str]:
    yield from _unused_primaries(config)
    yield from _unreachable(config.routing.rules)
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


def _unreachable(rules: Sequence[RuleConfig]) -> Iterator[str]:
    """Rules that take nothing because one that is tried earlier takes it all, as far as that
    is easily seen.
    """
    named = [(rule, rule_name(rule, position)) for position, rule in enumerate(rules)]
    named.sort(key=lambda item: -item[0].priority)
    reaches = [reach_of(rule.match) for rule, _ in named]
    for place, (rule, name) in enumerate(named):
        for (earlier, other), reach in zip(named[:place], reaches, strict=False):
            if reach.covers(reaches[place]) or earlier.match == rule.match:
                yield (
                    f'rule "{name}" takes no request by itself: "{other}", which is tried'
                    " earlier, takes them all"
                )
                break
