"""The rules of a table: which one takes a request, and why."""

from collections.abc import Sequence

from attrs import define, field
from msgspec import Struct

from lunaroute_core import ConfigurationError, ModelRequest, Operation
from lunaroute_routing.compiled_rule import CompiledRule
from lunaroute_routing.model_index import ModelIndex
from lunaroute_routing.request_features import RequestFeatures
from lunaroute_routing.rule import Rule
from lunaroute_routing.wording import quoted


class RuleCheck(Struct, frozen=True):
    """What became of a rule. `reason` is why it was not taken, None if it was."""

    rule: str
    taken: bool
    reason: str | None = None


@define(eq=False)
class RuleIndex:
    """Rules by priority, equal ones in their order.

    Raises:
        ConfigurationError: two rules have one name, or one cannot be read.
    """

    rules: Sequence[Rule]
    _compiled: tuple[CompiledRule, ...] = field(init=False)
    _models: ModelIndex = field(init=False)
    _forwarded: tuple[CompiledRule, ...] = field(init=False)
    _named: dict[str, Rule] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._named = {}
        for rule in self.rules:
            if rule.name in self._named:
                raise ConfigurationError("two rules have this name", path=f"rule {rule.name}: name")
            self._named[rule.name] = rule
        ordered = sorted(self.rules, key=lambda rule: -rule.priority)
        self._compiled = tuple(CompiledRule(rule) for rule in ordered)
        self._models = ModelIndex(self._compiled)
        self._forwarded = tuple(rule for rule in self._compiled if rule.takes_forwarded)

    def named(self, name: str) -> Rule | None:
        return self._named.get(name)

    def match(self, request: ModelRequest) -> Rule | None:
        """The first rule for which everything holds.

        The request is decoded only where that depends on its content.

        Raises:
            InvalidRequestError: it does, and the content cannot be understood.
        """
        candidates = self._candidates(request) if self._compiled else ()
        if not candidates:
            return None
        if not candidates[0].conditions:
            return candidates[0].rule
        features = RequestFeatures(request)
        for candidate in candidates:
            if candidate.takes(features):
                return candidate.rule
        return None

    def _candidates(self, request: ModelRequest) -> tuple[CompiledRule, ...]:
        match request.operation:
            case Operation.GENERATE | Operation.COUNT_TOKENS:
                return self._models.candidates(request.model)
            case Operation.FORWARD:
                return self._forwarded
            case Operation.LIST_MODELS:
                return ()

    def explain(self, request: ModelRequest) -> tuple[RuleCheck, ...]:
        """What becomes of each rule, in the order in which they are tried.

        Raises:
            InvalidRequestError: as of `match`.
        """
        features = RequestFeatures(request)
        checks: list[RuleCheck] = []
        taken: str | None = None
        for candidate in self._compiled:
            name = candidate.rule.name
            if taken is not None:
                reason = f"not tried: rule {quoted(taken)} takes the request"
            elif (reason := candidate.mismatch(features)) is None:
                taken = name
            checks.append(RuleCheck(name, reason is None, reason))
        return tuple(checks)
