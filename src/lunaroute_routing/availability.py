"""Whether a deployment can be asked now, and which one is asked next."""

from collections.abc import Sequence

from attrs import define, field
from msgspec import Struct

from lunaroute_core import ErrorKind, ModelRequest
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.route import Route, RouteTier


class Exclusion(Struct, frozen=True):
    """Why a deployment is not asked, and in how many seconds it may be, as far as that is known.

    `kind` says what was the matter: `overloaded` that the breaker is not closed, `rate_limit`
    that it cools down, `invalid_request` that it cannot do what the request needs.
    """

    reason: str
    kind: ErrorKind
    seconds: float | None = None


def exclusion(
    deployment: Deployment, request: ModelRequest, *, has_choice: bool
) -> Exclusion | None:
    """Why a deployment cannot be asked; None: it can."""
    state = deployment.state
    if state.breaker.state != "closed" and (why := _shut(deployment, has_choice=has_choice)):
        return why
    if state.cooldowns and (why := _resting(deployment, request, has_choice=has_choice)):
        return why
    if has_choice and (reason := deployment.lacks(request)) is not None:
        return Exclusion(reason, ErrorKind.INVALID_REQUEST)
    return None


def _shut(deployment: Deployment, *, has_choice: bool) -> Exclusion | None:
    if not deployment.consults_breaker(has_choice=has_choice):
        return None
    breaker = deployment.state.breaker
    if breaker.available:
        return None
    word = "open" if breaker.state == "open" else "half open, and being probed"
    return Exclusion(f"its circuit breaker is {word}", ErrorKind.OVERLOADED, breaker.opens_in)


def _resting(
    deployment: Deployment, request: ModelRequest, *, has_choice: bool
) -> Exclusion | None:
    consulted = deployment.settings.cooldown.enabled
    if not (has_choice if consulted is None else consulted):
        return None
    seconds = deployment.state.cooldowns.remaining(deployment.target.model or request.model)
    return Exclusion("it is cooling down", ErrorKind.RATE_LIMIT, seconds) if seconds > 0 else None


@define(kw_only=True, eq=False)
class Candidates:
    """The deployments of a route that a request may still try, in the order of its tiers.

    An unhealthy deployment is tried when nothing else is left.

    Attributes:
        first: asked before all others, if it can be: where a tool loop's last turn was answered.
        excluded: why deployments were passed over, the last time they were looked at.
    """

    route: Route
    request: ModelRequest
    first: str | None = None
    excluded: dict[Deployment, Exclusion] = field(factory=dict[Deployment, Exclusion], init=False)
    _tried: list[Deployment] = field(factory=list[Deployment], init=False)

    def next(self) -> tuple[RouteTier, Deployment] | None:
        """The next one, which counts as tried from now on; None when none can be asked."""
        found = self._held() or self._chosen(healthy=True) or self._chosen(healthy=False)
        if found is not None:
            self._tried.append(found[1])
        return found

    def has_more(self) -> bool:
        """Whether another one could be asked now."""
        if not self.route.has_choice:
            return False
        return any(self._open(tier.deployments) for tier in self.route.tiers)

    def _held(self) -> tuple[RouteTier, Deployment] | None:
        if self.first is None or self._tried:
            return None
        for tier in self.route.tiers:
            for deployment in tier.deployments:
                if deployment.label == self.first and self._open((deployment,)):
                    return tier, deployment
        return None

    def _chosen(self, *, healthy: bool) -> tuple[RouteTier, Deployment] | None:
        for tier in self.route.tiers:
            offered = self._open(tier.deployments)
            if healthy and self.route.has_choice:
                offered = [one for one in offered if not one.state.health.is_unhealthy]
            if offered:
                chosen = tier.strategy.rank(offered, self.request)[0]
                tier.strategy.took(chosen, offered)
                return tier, chosen
        return None

    def _open(self, deployments: Sequence[Deployment]) -> list[Deployment]:
        """Those of them that can be asked and were not yet."""
        return [one for one in deployments if one not in self._tried and self._can(one)]

    def _can(self, deployment: Deployment) -> bool:
        why = exclusion(deployment, self.request, has_choice=self.route.has_choice)
        if why is None:
            return True
        self.excluded[deployment] = why
        return False
