"""Health against a model that keeps all outcomes."""

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lunaroute_core.testing import FakeClock
from lunaroute_routing.health import Health
from lunaroute_routing.settings import HealthSettings


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def health(clock):
    def make(successes=0, failures=0, **changes):
        health = Health(HealthSettings(**changes), clock)
        for success in [True] * successes + [False] * failures:
            health.record(success)
        return health

    return make


class HealthMachine(RuleBasedStateMachine):
    STEP = 5.0

    @initialize(min_requests=st.integers(1, 6), low=st.sampled_from([0.0, 0.3, 0.75]))
    def make(self, min_requests, low):
        self.clock = FakeClock()
        self.settings = HealthSettings(
            min_requests=min_requests, unhealthy_threshold=low, healthy_threshold=0.8
        )
        self.changes = []
        self.health = Health(
            self.settings, self.clock, on_change=lambda *change: self.changes.append(change)
        )
        self.outcomes = []

    @rule(success=st.booleans(), times=st.integers(1, 6))
    def record(self, success, times):
        for _ in range(times):
            self.health.record(success)
            self.outcomes.append((self.clock.now, success))

    @rule(quarters=st.one_of(st.integers(1, 40), st.integers(200, 300)))
    def wait(self, quarters):
        self.clock.advance(quarters / 4)

    def recent(self):
        step = self.clock.now // self.STEP
        return [success for at, success in self.outcomes if step - at // self.STEP < 12]

    def expected(self, recent):
        if len(recent) < self.settings.min_requests:
            return "unknown"
        if not any(recent):
            return "unhealthy"
        rate = sum(recent) / len(recent)
        if rate < self.settings.unhealthy_threshold:
            return "unhealthy"
        return "healthy" if rate >= self.settings.healthy_threshold else "degraded"

    @invariant()
    def agrees(self):
        recent = self.recent()
        assert self.health.status == self.expected(recent)
        assert self.health.success_rate == (sum(recent) / len(recent) if recent else None)

    @invariant()
    def tells_every_change_once(self):
        states = ["unknown", *(after for _, after in self.changes)]
        assert [before for before, _ in self.changes] == states[:-1]
        assert all(before != after for before, after in self.changes)
        assert states[-1] == self.health.status


HealthMachine.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=40)
TestHealthMachine = HealthMachine.TestCase


@pytest.mark.parametrize(
    ("successes", "failures", "status"),
    [
        (0, 0, "unknown"),
        (9, 0, "unknown"),
        (0, 9, "unknown"),
        (10, 0, "healthy"),
        (0, 10, "unhealthy"),
        (19, 1, "healthy"),
        (18, 2, "degraded"),
        (15, 5, "degraded"),
        (14, 6, "unhealthy"),
    ],
)
def test_judges_by_the_original_s_rules(health, successes, failures, status):
    assert health(successes, failures).status == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"healthy_threshold": 0.9}, "healthy"),
        ({"healthy_threshold": 0.91}, "degraded"),
        ({"unhealthy_threshold": 0.9}, "degraded"),
        ({"unhealthy_threshold": 0.91}, "unhealthy"),
        ({"min_requests": 20}, "degraded"),
        ({"min_requests": 21}, "unknown"),
    ],
)
def test_thresholds_are_settings(health, changes, status):
    """18 of 20 have succeeded."""
    assert health(18, 2, **changes).status == status


def test_without_any_success_it_is_unhealthy_whatever_the_threshold(health):
    assert health(0, 10, unhealthy_threshold=0.0).status == "unhealthy"
    assert health(1, 9, unhealthy_threshold=0.0).status == "degraded"


@pytest.mark.parametrize("window", [12.0, 60.0])
@pytest.mark.parametrize(("success", "status"), [(False, "unhealthy"), (True, "healthy")])
def test_old_outcomes_are_forgotten(clock, health, window, success, status):
    """The original counts over its whole life, so that an old failure is never forgiven."""
    old = health(10 * success, 10 * (not success), window_secs=window)
    clock.advance(window - 1.0)
    assert old.status == status
    clock.advance(1.0)
    assert (old.status, old.success_rate) == ("unknown", None)
    for _ in range(10):
        old.record(True)
    assert (old.status, old.success_rate) == ("healthy", 1.0)
