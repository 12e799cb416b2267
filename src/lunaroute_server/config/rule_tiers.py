"""Where a rule leads in the end: through its aliases, to tiers of targets."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lunaroute_routing.rule import TierRole
from lunaroute_server.config.routing_rule import (
    AliasConfig,
    RuleConfig,
    StrategyConfig,
    StrategyType,
    TargetConfig,
    TargetName,
    target_of,
)

_ROLES: dict[str, TierRole] = {
    "providers": "primary",
    "primary_providers": "primary",
    "alternative_providers": "alternative",
}


class TierConfig(Struct, frozen=True, kw_only=True):
    """Targets that are asked before those of the next tier."""

    role: TierRole
    targets: tuple[TargetConfig, ...]
    strategy: StrategyType = "ordered"


def rule_chain(
    rule: RuleConfig | AliasConfig, aliases: Mapping[str, AliasConfig]
) -> list[RuleConfig | AliasConfig]:
    """The aliases that a rule goes through, the last one first, and the rule itself at the end.

    An alias that there is not, or that was there before, ends it; checks report those.
    """
    chain = [rule]
    while (alias := aliases.get(chain[0].alias or "")) is not None and alias not in chain:
        chain.insert(0, alias)
    return chain


def rule_tiers(
    rule: RuleConfig | AliasConfig, aliases: Mapping[str, AliasConfig]
) -> list[TierConfig]:
    """What a rule's alias leads to, or its own targets, and then its fallbacks. Who was there
    before is not asked again.
    """
    tiers: list[TierConfig] = []
    for each in rule_chain(rule, aliases):
        if each.strategy is not None:
            tiers += _strategy_tiers(each.strategy)
        elif each.primary is not None:
            tiers.append(TierConfig(role="primary", targets=_targets([each.primary])))
        if each.fallbacks:
            tiers.append(TierConfig(role="fallback", targets=_targets(each.fallbacks)))
    return list(_each_target_once(tiers))


def _each_target_once(tiers: Sequence[TierConfig]) -> Iterator[TierConfig]:
    before: set[tuple[str, str | None]] = set()
    for tier in tiers:
        left = tuple(one for one in tier.targets if (one.provider, one.model) not in before)
        if left:
            yield replace(tier, targets=left)
        before.update((one.provider, one.model) for one in left)


def _strategy_tiers(strategy: StrategyConfig) -> list[TierConfig]:
    kind = "ordered" if strategy.type == "limits-alternative" else strategy.type
    return [
        TierConfig(role=_ROLES[key], targets=_targets(targets), strategy=kind)
        for key, targets in strategy.lists.items()
    ]


def _targets(names: Sequence[TargetName]) -> tuple[TargetConfig, ...]:
    return tuple(target_of(name) for name in names)
