"""What would be done with a request, and why."""

from collections.abc import Iterator

from msgspec import Struct

from lunaroute_routing.chooser import ChosenBy
from lunaroute_routing.events import HealthStatus
from lunaroute_routing.rule import TierRole
from lunaroute_routing.rule_index import RuleCheck
from lunaroute_routing.settings import RoutingSettings


class RequestSummary(Struct, frozen=True, kw_only=True):
    """The request that is explained, as its client sent it."""

    model: str
    dialect: str
    stream: bool


class CandidateExplanation(Struct, frozen=True, kw_only=True):
    """A target of the route.

    Attributes:
        provider: its name.
        model: what it would be asked for.
        rank: when it would be asked, from 1 on, if each one before it failed; None: it would
            not be asked.
        skipped: why it would not be asked, None if it would.
        remark: what the strategy says of its place, if it says anything.
        again_in: in how many seconds it may be asked again, as far as that is known.
        health: how it fared lately; one that is `unhealthy` is asked after all others.
        breaks: whether its circuit breaker is consulted.
        cools_down: whether it is left alone after it said that it has had enough.
        settings: that hold for it under this rule.
    """

    provider: str
    model: str
    rank: int | None = None
    skipped: str | None = None
    remark: str | None = None
    again_in: float | None = None
    health: HealthStatus = "unknown"
    breaks: bool
    cools_down: bool
    settings: RoutingSettings

    @property
    def label(self) -> str:
        """`provider/model`; the provider alone where no model is asked for."""
        return f"{self.provider}/{self.model}" if self.model else self.provider


class TierExplanation(Struct, frozen=True, kw_only=True):
    """Targets among which `strategy` chooses, before those of the next tier are asked."""

    role: TierRole
    strategy: str
    candidates: tuple[CandidateExplanation, ...]


class Explanation(Struct, frozen=True, kw_only=True):
    """What a Router would do with a request at this moment.

    Attributes:
        request: what is asked for.
        chosen_by: what chose the route: the client's word for a `provider` or a `route` in a
            header or the query, a `marker` in a message, the `prefix` of the model's name, a
            `rule`, or the `default` for the client's vendor.
        route: its name: a rule's, or a provider's.
        rules: what became of each rule, in the order in which they are tried; none when
            something chose before them.
        tiers: where it leads.
        held: why another target than the strategy's comes first, None if it does not.
        refusal: what the client would be told at once, None if somebody can be asked.
        settings: what holds for the route as a whole: its total deadline, hedging, commit point.
    """

    request: RequestSummary
    chosen_by: ChosenBy
    route: str
    rules: tuple[RuleCheck, ...]
    tiers: tuple[TierExplanation, ...]
    held: str | None = None
    refusal: str | None = None
    settings: RoutingSettings

    @property
    def order(self) -> tuple[CandidateExplanation, ...]:
        """Who would be asked, one after the other, as long as each one fails."""
        return tuple(sorted(self._asked(), key=lambda one: one.rank or 0))

    def _asked(self) -> Iterator[CandidateExplanation]:
        for tier in self.tiers:
            yield from (one for one in tier.candidates if one.rank is not None)
