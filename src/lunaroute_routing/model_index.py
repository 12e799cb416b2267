"""Finds the rules that a model's name does not rule out, however many rules there are."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from attrs import define, field

from lunaroute_routing.compiled_rule import CompiledRule
from lunaroute_routing.model_shape import Exact, Expression, Prefix
from lunaroute_routing.patterns import PatternSet

REMEMBERED_MODELS = 1024
"""Models whose rules are remembered, the latest used: clients choose the names."""
REMEMBERED_LENGTH = 256
"""Characters of the longest name that is remembered."""


@define(eq=False)
class ModelIndex:
    """Rules by the first thing that they ask of the model's name, in their order.

    Exact names and beginnings are looked up, all expressions are searched in one pass, and what
    was found is remembered.
    """

    rules: Sequence[CompiledRule]
    candidates: Callable[[str], tuple[CompiledRule, ...]] = field(init=False)
    """The rules that a request for a model may take, in order, as far as its name tells.

    Behind a rule that asks for nothing else, no other is taken, so there the list ends."""
    _all: list[int] = field(factory=list[int], init=False)
    _exact: dict[str, list[int]] = field(factory=dict[str, list[int]], init=False)
    _prefixes: dict[str, list[int]] = field(factory=dict[str, list[int]], init=False)
    _lengths: tuple[int, ...] = field(init=False)
    _expressions: list[int] = field(factory=list[int], init=False)
    _patterns: PatternSet = field(init=False)

    def __attrs_post_init__(self) -> None:
        patterns: list[str] = []
        for number, rule in enumerate(self.rules):
            match rule.models[0].shape if rule.models else None:
                case None:
                    self._all.append(number)
                case Exact(names=names):
                    for name in dict.fromkeys(names):
                        self._exact.setdefault(name, []).append(number)
                case Prefix(text=text):
                    self._prefixes.setdefault(text, []).append(number)
                case Expression(pattern=pattern):
                    patterns.append(pattern)
                    self._expressions.append(number)
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}))
        self._patterns = PatternSet.of(patterns)
        remembered = lru_cache(REMEMBERED_MODELS)(self._find)
        self.candidates = lambda model: (
            remembered(model) if len(model) <= REMEMBERED_LENGTH else self._find(model)
        )

    def _find(self, model: str) -> tuple[CompiledRule, ...]:
        return tuple(self._open(model))

    def _open(self, model: str) -> Iterator[CompiledRule]:
        for number in sorted(self._numbers(model)):
            rule = self.rules[number]
            if all(condition.shape.has(model) for condition in rule.models[1:]):
                yield rule
                if not rule.conditions:
                    return

    def _numbers(self, model: str) -> list[int]:
        """The rules whose first condition on the model's name holds."""
        numbers = [*self._all, *self._exact.get(model, ())]
        for length in self._lengths:
            if length > len(model):
                break
            numbers += self._prefixes.get(model[:length], ())
        return numbers + [self._expressions[found] for found in self._patterns.found_in(model)]
