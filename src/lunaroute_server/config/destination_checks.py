"""Whether what a rule says about where its requests go leads somewhere."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.problem import Problem
from lunaroute_server.config.provider import ProviderConfig
from lunaroute_server.config.routing_rule import (
    AliasConfig,
    RuleConfig,
    StrategyConfig,
    TargetConfig,
    TargetName,
    target_of,
)

_WEIGHING = ("weighted-round-robin", "sticky")
"""The strategies that go by weights."""
_LISTS = ("providers", "primary_providers", "alternative_providers")


@frozen(kw_only=True)
class DestinationChecks:
    """Checks rules and aliases against what there is.

    Attributes:
        providers: all that are configured, enabled or not.
    """

    providers: Mapping[str, ProviderConfig]
    aliases: Mapping[str, AliasConfig]

    def problems(self, rule: RuleConfig | AliasConfig, path: KeyPath) -> Iterator[Problem]:
        if rule.alias is None and rule.strategy is None and rule.primary is None:
            yield Problem.at('needs one of "primary", "strategy" and "alias"', *path)
        if rule.alias is not None:
            yield from self._alias(rule, (*path, "alias"))
        if rule.strategy is not None:
            yield from self._strategy(rule.strategy, (*path, "strategy"))
            yield from _backoff(rule.strategy, rule, path)
        if rule.primary is not None:
            here = (*path, "primary")
            target = target_of(rule.primary)
            yield from self._target(target, here)
            yield from _weight(target, here)
        yield from self._targets(rule.fallbacks, (*path, "fallbacks"), weighs=False)

    def _alias(self, rule: RuleConfig | AliasConfig, path: KeyPath) -> Iterator[Problem]:
        if rule.strategy is not None or rule.primary is not None:
            yield Problem.at('contradicts "primary" and "strategy"', *path)
        if rule.alias not in self.aliases:
            yield Problem.at(f'there is no alias "{rule.alias}"', *path)
        elif isinstance(rule, AliasConfig) and self._goes_round(rule.alias):
            yield Problem.at("leads back to itself", *path)

    def _goes_round(self, name: str | None) -> bool:
        seen: set[str | None] = set()
        while name is not None and name in self.aliases and name not in seen:
            seen.add(name)
            name = self.aliases[name].alias
        return name in seen

    def _strategy(self, strategy: StrategyConfig, path: KeyPath) -> Iterator[Problem]:
        for key in _LISTS:
            targets: Sequence[TargetName] = getattr(strategy, key)
            here = (*path, key)
            if key not in strategy.lists:
                if targets:
                    yield _no_effect(strategy, here)
                continue
            if not targets:
                yield Problem.at("must name at least one provider", *here)
            yield from self._targets(targets, here, weighs=strategy.type in _WEIGHING)

    def _targets(
        self, names: Sequence[TargetName], path: KeyPath, *, weighs: bool
    ) -> Iterator[Problem]:
        targets = [target_of(name) for name in names]
        seen: set[tuple[str, str | None]] = set()
        for position, target in enumerate(targets):
            here = (*path, position)
            yield from self._target(target, here)
            if not weighs:
                yield from _weight(target, here)
            if (target.provider, target.model) in seen:
                yield Problem.at("is here twice", *here)
            seen.add((target.provider, target.model))
        if targets and all(target.weight == 0 for target in targets):
            yield Problem.at("the weights must not all be 0", *path)

    def _target(self, target: TargetConfig, path: KeyPath) -> Iterator[Problem]:
        provider = self.providers.get(target.provider)
        if provider is None:
            known = ", ".join(self.providers)
            yield Problem.at(f'there is no provider "{target.provider}", only {known}', *path)
        elif not provider.enabled:
            yield Problem.at(f'provider "{target.provider}" is not enabled', *path)
        if target.model == "":
            yield Problem.at("names no model after the slash", *path)


def _weight(target: TargetConfig, path: KeyPath) -> Iterator[Problem]:
    if target.weight is not None:
        yield Problem.at(f"has an effect only with {' and '.join(_WEIGHING)}", *path, "weight")


def _backoff(
    strategy: StrategyConfig, rule: RuleConfig | AliasConfig, path: KeyPath
) -> Iterator[Problem]:
    path = (*path, "strategy", "exponential_backoff_base_secs")
    base = strategy.exponential_backoff_base_secs
    if base is None:
        return
    if strategy.type != "limits-alternative":
        yield _no_effect(strategy, path)
    elif rule.cooldown.default_secs not in (None, base):
        yield Problem.at('contradicts the rule\'s "cooldown.default_secs"', *path)


def _no_effect(strategy: StrategyConfig, path: KeyPath) -> Problem:
    return Problem.at(f'has no effect with a strategy of type "{strategy.type}"', *path)
