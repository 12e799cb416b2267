"""What `/readyz` says of providers."""

from collections.abc import Iterable, Sequence

from lunaroute_ingress import ProviderStatus
from lunaroute_routing import ProviderSnapshot
from lunaroute_routing.events import BreakerState, HealthStatus

_HEALTH: tuple[HealthStatus, ...] = ("unhealthy", "degraded", "healthy", "unknown")
_BREAKER: tuple[BreakerState, ...] = ("open", "half_open", "closed")


def provider_statuses(
    names: Iterable[str], snapshots: Sequence[ProviderSnapshot]
) -> list[ProviderStatus]:
    """One for each name. A provider that is watched in several ways, because rules have settings
    of their own, fares as in the worst.
    """
    return [_status(name, [one for one in snapshots if one.provider == name]) for name in names]


def _status(name: str, snapshots: Sequence[ProviderSnapshot]) -> ProviderStatus:
    if not snapshots:
        return ProviderStatus(name=name)
    rates = [one.success_rate for one in snapshots if one.success_rate is not None]
    return ProviderStatus(
        name=name,
        status=min((one.health for one in snapshots), key=_HEALTH.index),
        success_rate=min(rates, default=None),
        breaker=min((one.breaker for one in snapshots), key=_BREAKER.index),
    )
