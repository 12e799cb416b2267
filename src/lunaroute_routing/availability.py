"""Whether a deployment can be asked now, and which one is asked next."""

from collections.abc import Iterator, Sequence

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
    state, settings = deployment.state, deployment.settings
    consulted = settings.breaker.enabled
    if (has_choice if consulted is None else consulted) and not state.breaker.available:
        word = "open" if state.breaker.state == "open" else "half open, and being probed"
        reason = f"its circuit breaker is {word}"
        return Exclusion(reason, ErrorKind.OVERLOADED, state.breaker.opens_in)
    consulted = settings.cooldown.enabled
    if has_choice if consulted is None else consulted:
        seconds = state.cooldowns.remaining(deployment.target.model or request.model)
        if seconds > 0:
            return Exclusion("it is cooling down", ErrorKind.RATE_LIMIT, seconds)
    if has_choice and (reason := deployment.lacks(request)) is not None:
        return Exclusion(reason, ErrorKind.INVALID_REQUEST)
    return None


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
                offered = [one for one in offered if one.state.health.status != "unhealthy"]
            if offered:
                chosen = tier.strategy.rank(offered, self.request)[0]
                tier.strategy.took(chosen, offered)
                return tier, chosen
        return None

    def _open(self, deployments: Sequence[Deployment]) -> list[Deployment]:
        return list(self._available(deployments))

    def _available(self, deployments: Sequence[Deployment]) -> Iterator[Deployment]:
        has_choice = self.route.has_choice
        for deployment in deployments:
            if deployment in self._tried:
                continue
            reason = exclusion(deployment, self.request, has_choice=has_choice)
            if reason is None:
                yield deployment
            else:
                self.excluded[deployment] = reason
