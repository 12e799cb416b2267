"""Going a request's way without asking anybody, and without leaving a trace."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import define, field

from lunaroute_core import ErrorKind, ModelRequest
from lunaroute_routing.availability import Exclusion, exclusion
from lunaroute_routing.chooser import Choice
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.explanation import (
    CandidateExplanation,
    Explanation,
    RequestSummary,
    TierExplanation,
)
from lunaroute_routing.journey import no_deployment
from lunaroute_routing.route import RouteTier
from lunaroute_routing.rule_index import RuleCheck
from lunaroute_routing.strategy import Remarking, Strategy


@define(kw_only=True, eq=False)
class Explaining:
    """Explains one choice.

    Attributes:
        rules: what became of each rule.
        first: the label of the deployment at which the request's tool loop is held.
        down: providers that are taken not to be there.
    """

    choice: Choice
    rules: Sequence[RuleCheck]
    first: str | None
    down: Collection[str]
    _excluded: dict[Deployment, Exclusion] = field(init=False)
    _order: tuple[Deployment, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        found = ((one, self._exclusion(one)) for one in self._deployments())
        self._excluded = {one: why for one, why in found if why is not None}
        self._order = tuple(self._in_order())

    def explanation(self, original: ModelRequest) -> Explanation:
        """`original` is the request as it came, before the choice changed its model."""
        route = self.choice.route
        refused = None if self._order else no_deployment(route, self._excluded)
        return Explanation(
            request=RequestSummary(
                model=original.model,
                dialect=original.context.client_dialect,
                stream=original.stream,
            ),
            chosen_by=self.choice.chosen_by,
            route=route.name,
            rules=tuple(self.rules) if self.choice.chosen_by in ("rule", "default") else (),
            tiers=tuple(self._tier(tier) for tier in route.tiers),
            held=self._held_reason(),
            refusal=None if refused is None else refused.details.message,
            settings=route.settings,
        )

    @property
    def _request(self) -> ModelRequest:
        return self.choice.request

    def _deployments(self) -> Iterator[Deployment]:
        for tier in self.choice.route.tiers:
            yield from tier.deployments

    def _exclusion(self, deployment: Deployment) -> Exclusion | None:
        if deployment.name in self.down:
            return Exclusion("it is taken to be down", ErrorKind.UNAVAILABLE)
        return exclusion(deployment, self._request, has_choice=self.choice.route.has_choice)

    def _in_order(self) -> Iterator[Deployment]:
        left = [one for one in self._deployments() if one not in self._excluded]
        held = [one for one in left if one.label == self.first][:1]
        yield from held
        has_choice = self.choice.route.has_choice
        ill = [one for one in left if has_choice and one.state.health.status == "unhealthy"]
        well = [one for one in left if one not in ill]
        for group in (well, ill):
            for tier in self.choice.route.tiers:
                offered = [one for one in tier.deployments if one in group and one not in held]
                if offered:
                    yield from tier.strategy.rank(offered, self._request)

    def _held_reason(self) -> str | None:
        if not self._order or self._order[0].label != self.first:
            return None
        return f"the session's tool loop is held at {self.first}"

    def _tier(self, tier: RouteTier) -> TierExplanation:
        ranks = {one: rank for rank, one in enumerate(self._order, start=1)}
        return TierExplanation(
            role=tier.role,
            strategy=tier.strategy.name,
            candidates=tuple(
                self._candidate(one, ranks, tier.strategy) for one in tier.deployments
            ),
        )

    def _candidate(
        self, deployment: Deployment, ranks: Mapping[Deployment, int], strategy: Strategy
    ) -> CandidateExplanation:
        why = self._excluded.get(deployment)
        has_choice = self.choice.route.has_choice
        return CandidateExplanation(
            provider=deployment.name,
            model=deployment.target.model or self._request.model,
            rank=ranks.get(deployment),
            skipped=None if why is None else why.reason,
            remark=(
                strategy.remark(deployment, self._request)
                if why is None and isinstance(strategy, Remarking)
                else None
            ),
            again_in=None if why is None else why.seconds,
            health=deployment.state.health.status,
            breaks=deployment.consults_breaker(has_choice=has_choice),
            cools_down=deployment.consults_cooldowns(has_choice=has_choice),
            settings=deployment.settings,
        )
