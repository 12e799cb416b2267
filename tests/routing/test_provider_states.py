"""One state for a provider and its settings, through reloads; its events and snapshots."""

import msgspec
import pytest

from lunaroute_core.testing import FakeClock
from lunaroute_routing.events import BreakerChanged, HealthChanged
from lunaroute_routing.provider_states import ProviderStates
from lunaroute_routing.settings import (
    BreakerSettings,
    CooldownSettings,
    HealthSettings,
    RetrySettings,
    RoutingSettings,
    TimeoutSettings,
)
from lunaroute_routing.snapshot import CooldownSnapshot, ProviderSnapshot

SETTINGS = RoutingSettings(
    breaker=BreakerSettings(failure_threshold=2), health=HealthSettings(min_requests=2)
)


@pytest.fixture
def clock():
    return FakeClock(now=1000.0)


@pytest.fixture
def events():
    return []


@pytest.fixture
def states(clock, events):
    return ProviderStates(clock=clock, observe=events.append)


def test_a_provider_has_one_state(states):
    assert states.of("a", SETTINGS) is states.of("a", SETTINGS)
    assert states.of("a", SETTINGS) is not states.of("b", SETTINGS)


@pytest.mark.parametrize(
    "changes",
    [
        {"retry": RetrySettings(max_retries=3)},
        {"timeouts": TimeoutSettings(total_secs=3.0)},
        {"breaker": BreakerSettings(failure_threshold=2)},
    ],
)
def test_settings_that_do_not_matter_keep_the_state(states, changes):
    state = states.of("a", SETTINGS)
    assert states.of("a", msgspec.structs.replace(SETTINGS, **changes)) is state


@pytest.mark.parametrize(
    "changes",
    [
        {"breaker": BreakerSettings(failure_threshold=3)},
        {"health": HealthSettings(min_requests=3)},
        {"cooldown": CooldownSettings(max_secs=3.0)},
    ],
)
def test_settings_that_matter_make_another_and_have_an_effect(states, changes):
    state = states.of("a", msgspec.structs.replace(SETTINGS, **changes))
    assert state is not states.of("a", SETTINGS)
    name, value = next(iter(changes.items()))
    part = {"cooldown": "cooldowns"}.get(name, name)
    assert getattr(state, part).settings == value


def test_only_what_is_in_use_is_retained(states):
    used, unused = states.of("a", SETTINGS), states.of("b", SETTINGS)
    states.retain([("a", SETTINGS), ("new", SETTINGS)])
    assert list(states) == [used]
    assert states.of("a", SETTINGS) is used
    assert states.of("b", SETTINGS) is not unused


def test_changes_are_told_with_the_provider_s_name(clock, states, events):
    state = states.of("a", SETTINGS)
    for _ in range(2):
        state.health.record(False)
        state.breaker.failed(state.breaker.admit())
    clock.advance(60.0)
    state.breaker.admit()
    assert states.snapshot()[0].health == "unknown"
    assert events == [
        HealthChanged(provider="a", before="unknown", after="unhealthy"),
        BreakerChanged(provider="a", before="closed", after="open"),
        BreakerChanged(provider="a", before="open", after="half_open"),
        HealthChanged(provider="a", before="unhealthy", after="unknown"),
    ]


def test_nobody_has_to_listen(clock):
    states = ProviderStates(clock=clock)
    states.of("a", SETTINGS).breaker.force_open()
    assert states.snapshot()[0].breaker == "open"


def test_a_snapshot_says_it_all(clock, states):
    state = states.of("a", SETTINGS)
    states.of("b", SETTINGS)
    state.in_flight = 3
    state.health.record(True)
    state.health.record(False)
    state.breaker.force_open()
    state.answer_seconds.observe(4.0)
    state.content_seconds.observe(0.5)
    state.cooldowns.cool("m", 30.0, started=clock.now)
    state.cooldowns.cool(None, 10.0, started=clock.now)
    clock.advance(0.0)
    assert states.snapshot() == (
        ProviderSnapshot(
            provider="a",
            breaker="open",
            breaker_secs=None,
            health="unhealthy",
            success_rate=0.5,
            in_flight=3,
            cooldowns=(
                CooldownSnapshot(model="m", seconds=30.0),
                CooldownSnapshot(model=None, seconds=10.0),
            ),
            answer_seconds=4.0,
            content_seconds=0.5,
        ),
        ProviderSnapshot(
            provider="b",
            breaker="closed",
            breaker_secs=0.0,
            health="unknown",
            success_rate=None,
            in_flight=0,
            cooldowns=(),
            answer_seconds=0.0,
            content_seconds=0.0,
        ),
    )


def test_a_snapshot_is_of_its_moment(states):
    snapshot = states.snapshot()
    states.of("a", SETTINGS).in_flight += 1
    before = states.snapshot()
    states.of("a", SETTINGS).in_flight += 1
    assert snapshot == ()
    assert before[0].in_flight == 1
    assert msgspec.json.decode(msgspec.json.encode(before), type=tuple[ProviderSnapshot, ...])
