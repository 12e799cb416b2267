"""That another provider is asked than the one that was meant, and why."""

from collections.abc import Iterator

from msgspec import Struct

from lunaroute_core import ErrorKind
from lunaroute_routing.availability import Candidates, Exclusion
from lunaroute_routing.deployment import Deployment
from lunaroute_routing.route import RouteTier


class Switch(Struct, frozen=True, kw_only=True):
    """Another provider than the one that was meant is asked.

    `error` is what the one that was meant answered, a rate limit where it cools down; None: it
    was not asked at all, and `reason` says which state of it was why.
    """

    original: str
    new: str
    error: ErrorKind | None
    reason: str


def switch_from(failed: Deployment, to: Deployment, *, error: ErrorKind) -> Switch | None:
    """The switch when the first that was asked has failed; None within one provider."""
    if failed.name == to.name:
        return None
    return Switch(original=failed.name, new=to.name, error=error, reason=str(error))


def switch_past(candidates: Candidates, tier: RouteTier, deployment: Deployment) -> Switch | None:
    """The switch to the first deployment that is asked; None where it is the one that was meant:
    a tool loop is held there, its strategy chose it, or whatever comes before cannot do what the
    request needs.
    """
    if candidates.first == deployment.label:
        return None
    for one in _before(candidates, tier):
        passed = _why(one, candidates.excluded.get(one))
        if passed is not None and one.name != deployment.name:
            error, reason = passed
            return Switch(original=one.name, new=deployment.name, error=error, reason=reason)
    return None


def _before(candidates: Candidates, tier: RouteTier) -> Iterator[Deployment]:
    for earlier in candidates.route.tiers:
        if earlier is tier:
            return
        yield from earlier.deployments


def _why(deployment: Deployment, why: Exclusion | None) -> tuple[ErrorKind | None, str] | None:
    if why is None:
        return (None, "unhealthy") if deployment.state.health.is_unhealthy else None
    if why.kind is ErrorKind.INVALID_REQUEST:
        return None  # what cannot do a thing was never meant to
    if why.kind is ErrorKind.RATE_LIMIT:
        return why.kind, why.kind.value
    return None, "circuit_breaker"
