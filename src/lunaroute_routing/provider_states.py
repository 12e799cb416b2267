"""What is known of all providers, through every change of the configuration."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from math import isfinite
from typing import TypeAlias

from attrs import define, field

from lunaroute_routing.circuit_breaker import CircuitBreaker
from lunaroute_routing.cooldown import Cooldowns
from lunaroute_routing.events import (
    BreakerChanged,
    BreakerState,
    HealthChanged,
    HealthStatus,
    RoutingEvent,
)
from lunaroute_routing.health import Health
from lunaroute_routing.latency import PeakEWMA
from lunaroute_routing.provider_state import ProviderState
from lunaroute_routing.settings import (
    BreakerSettings,
    CooldownSettings,
    HealthSettings,
    RoutingSettings,
)
from lunaroute_routing.snapshot import CooldownSnapshot, ProviderSnapshot

_Key: TypeAlias = tuple[str, BreakerSettings, HealthSettings, CooldownSettings]

LATENCY_DECAY_SECS = 60.0
"""Answers take seconds to minutes, so that a shorter memory would have forgotten the last one."""


@define(kw_only=True, eq=False)
class ProviderStates:
    """One `ProviderState` for each provider and settings of breaker, health and cool-down.

    A reload that leaves these settings as they are finds the same state again.

    Attributes:
        clock: monotonic time in seconds.
        observe: is told of the changes of breakers and health, with the provider's name.
    """

    clock: Callable[[], float]
    observe: Callable[[RoutingEvent], None] | None = None
    _states: dict[_Key, ProviderState] = field(factory=dict[_Key, ProviderState], init=False)

    def of(self, provider: str, settings: RoutingSettings) -> ProviderState:
        key = _key(provider, settings)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = self._new(provider, settings)
        return state

    def retain(self, used: Iterable[tuple[str, RoutingSettings]]) -> None:
        """Forget all but these; requests under way keep the states that they were given."""
        keys = {_key(provider, settings) for provider, settings in used}
        self._states = {key: state for key, state in self._states.items() if key in keys}

    def snapshot(self) -> tuple[ProviderSnapshot, ...]:
        return tuple(_snapshot(state) for state in self)

    def __iter__(self) -> Iterator[ProviderState]:
        return iter(tuple(self._states.values()))

    def _new(self, provider: str, settings: RoutingSettings) -> ProviderState:
        clock = self.clock
        return ProviderState(
            provider=provider,
            breaker=CircuitBreaker(
                settings.breaker, clock, on_change=partial(self._breaker_changed, provider)
            ),
            health=Health(
                settings.health, clock, on_change=partial(self._health_changed, provider)
            ),
            cooldowns=Cooldowns(settings.cooldown, clock),
            answer_seconds=PeakEWMA(clock, LATENCY_DECAY_SECS),
            content_seconds=PeakEWMA(clock, LATENCY_DECAY_SECS),
        )

    def _breaker_changed(self, provider: str, before: BreakerState, after: BreakerState) -> None:
        if self.observe is not None:
            self.observe(BreakerChanged(provider=provider, before=before, after=after))

    def _health_changed(self, provider: str, before: HealthStatus, after: HealthStatus) -> None:
        if self.observe is not None:
            self.observe(HealthChanged(provider=provider, before=before, after=after))


def _key(provider: str, settings: RoutingSettings) -> _Key:
    return provider, settings.breaker, settings.health, settings.cooldown


def _snapshot(state: ProviderState) -> ProviderSnapshot:
    opens_in = state.breaker.opens_in
    return ProviderSnapshot(
        provider=state.provider,
        breaker=state.breaker.state,
        breaker_secs=opens_in if isfinite(opens_in) else None,
        health=state.health.status,
        success_rate=state.health.success_rate,
        in_flight=state.in_flight,
        cooldowns=tuple(
            CooldownSnapshot(model=model, seconds=seconds)
            for model, seconds in state.cooldowns.entries().items()
        ),
        answer_seconds=state.answer_seconds.value,
        content_seconds=state.content_seconds.value,
    )
