"""Whether a deployment can be asked now, and which one is asked next."""

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
    why = exclusion_by_state(deployment, request, has_choice)
    if why is None and has_choice and (reason := deployment.lacks(request)) is not None:
        return Exclusion(reason, ErrorKind.INVALID_REQUEST)
    return why


def exclusion_by_state(
    deployment: Deployment,
    request: ModelRequest,
    has_choice: bool,  # noqa: FBT001 - hot
) -> Exclusion | None:
    """Why it cannot be asked for how it fares, whatever it can do."""
    state = deployment.state
    if state.breaker.state != "closed" and (why := _shut(deployment, has_choice=has_choice)):
        return why
    if state.cooldowns.rests:
        return _resting(deployment, request, has_choice=has_choice)
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
    if not deployment.consults_cooldowns(has_choice=has_choice):
        return None
    seconds = deployment.state.cooldowns.remaining(deployment.target.model or request.model)
    return Exclusion("it is cooling down", ErrorKind.RATE_LIMIT, seconds) if seconds > 0 else None


class Candidates(Struct, kw_only=True, eq=False):
    """The deployments of a route that a request may still try, in the order of its tiers.

    An unhealthy deployment is tried when nothing else is left.

    Attributes:
        first: asked before all others, if it can be: where a tool loop's last turn was answered.
        excluded: why deployments were passed over, the last time they were looked at.
        tried: those that were given out.
        lacking: what deployments lack for the request; to tell may take a look at all of it.
    """

    route: Route
    request: ModelRequest
    first: str | None = None
    excluded: dict[Deployment, Exclusion] = {}
    tried: list[Deployment] = []
    lacking: dict[Deployment, str | None] = {}

    def next(self) -> tuple[RouteTier, Deployment] | None:
        """The next one, which counts as tried from now on; None when none can be asked."""
        if self.route.has_choice:
            found = self._held() if self.first is not None else None
            found = found or self._chosen(healthy=True) or self._chosen(healthy=False)
        else:
            found = self._only()
        if found is not None:
            self.tried.append(found[1])
        return found

    def has_more(self) -> bool:
        """Whether another one could be asked now."""
        if not self.route.has_choice:
            return False
        deployments = (one for tier in self.route.tiers for one in tier.deployments)
        return any(one not in self.tried and self._can(one) for one in deployments)

    def _only(self) -> tuple[RouteTier, Deployment] | None:
        tier = self.route.tiers[0]
        (deployment,) = tier.deployments
        if self.tried or not (deployment.state.is_calm or self._is_up(deployment, healthy=True)):
            return None
        return tier, deployment

    def _held(self) -> tuple[RouteTier, Deployment] | None:
        if self.tried:
            return None
        for tier in self.route.tiers:
            for deployment in tier.deployments:
                if deployment.label == self.first and self._can(deployment):
                    return tier, deployment
        return None

    def _chosen(self, *, healthy: bool) -> tuple[RouteTier, Deployment] | None:
        for tier in self.route.tiers:
            offered = [
                one
                for one in tier.deployments
                if one not in self.tried
                and (one.state.is_calm or self._is_up(one, healthy=healthy))
            ]
            if not offered:
                continue
            if (chosen := self._able(tier, offered)) is not None:
                return tier, chosen
        return None

    def _able(self, tier: RouteTier, offered: list[Deployment]) -> Deployment | None:
        """The best that can do what the request needs; only those before it are asked for that."""
        for chosen in tier.strategy.rank(offered, self.request):
            if self._is_able(chosen):
                able = [one for one in offered if self.lacking.get(one) is None]
                tier.strategy.took(chosen, able)
                return chosen
        return None

    def _is_able(self, deployment: Deployment) -> bool:
        if not (self.route.has_choice and deployment.is_limited):
            return True
        if deployment not in self.lacking:
            self.lacking[deployment] = deployment.lacks(self.request)
        reason = self.lacking[deployment]
        if reason is not None:
            self.excluded[deployment] = Exclusion(reason, ErrorKind.INVALID_REQUEST)
        return reason is None

    def _is_up(self, deployment: Deployment, *, healthy: bool) -> bool:
        has_choice = self.route.has_choice
        if healthy and has_choice and deployment.state.health.is_unhealthy:
            return False
        return self._noted(deployment, exclusion_by_state(deployment, self.request, has_choice))

    def _can(self, deployment: Deployment) -> bool:
        why = exclusion_by_state(deployment, self.request, self.route.has_choice)
        return self._noted(deployment, why) and self._is_able(deployment)

    def _noted(self, deployment: Deployment, why: Exclusion | None) -> bool:
        if why is not None:
            self.excluded[deployment] = why
        return why is None
