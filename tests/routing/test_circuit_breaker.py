"""The breaker, by examples and against a model that keeps the outcomes of each state."""

import math

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from lunaroute_core.testing import FakeClock
from lunaroute_routing.circuit_breaker import PROBE_SECS, CircuitBreaker
from lunaroute_routing.settings import BreakerSettings


@pytest.fixture
def clock():
    return FakeClock(now=1000.0)


@pytest.fixture
def opened(clock):
    """Makes a breaker that has just opened, of its own accord."""

    def make(**changes):
        breaker = CircuitBreaker(BreakerSettings(failure_threshold=1, **changes), clock)
        breaker.failed(breaker.admit())
        return breaker

    return make


class Breaker(RuleBasedStateMachine):
    """`self.era` is what happened since the state last changed, in order."""

    @initialize(failures=st.integers(1, 4), successes=st.integers(1, 3), probes=st.integers(1, 3))
    def make(self, failures, successes, probes):
        self.settings = BreakerSettings(
            failure_threshold=failures,
            success_threshold=successes,
            half_open_probes=probes,
            timeout_secs=8.0,
        )
        self.clock = FakeClock()
        self.changes = []
        self.breaker = CircuitBreaker(
            self.settings,
            self.clock,
            on_change=lambda before, after: self.changes.append((before, after)),
        )
        self.state, self.opens_at = "closed", None
        self.expected_changes = []
        self.era, self.current, self.late = [], [], []

    def change(self, after, *, opens_at=None):
        self.expected_changes.append((self.state, after))
        self.state, self.opens_at = after, opens_at
        self.late += self.current
        self.era, self.current = [], []

    @rule()
    def admit(self):
        ready = self.state == "open" and self.clock.now >= self.opens_at
        full = self.state == "half_open" and len(self.current) >= self.settings.half_open_probes
        ticket = self.breaker.admit()
        if (self.state == "open" and not ready) or full:
            assert ticket is None
            return
        if ready:
            self.change("half_open")
        assert ticket is not None
        self.current.append(ticket)

    @precondition(lambda self: self.current)
    @rule(data=st.data())
    def succeed(self, data):
        self.breaker.succeeded(self.take(data))
        self.era.append(True)
        if self.state == "half_open" and sum(self.era) >= self.settings.success_threshold:
            self.change("closed")

    @precondition(lambda self: self.current)
    @rule(data=st.data())
    def fail(self, data):
        self.breaker.failed(self.take(data))
        self.era.append(False)
        threshold = self.settings.failure_threshold
        in_a_row = len(self.era) >= threshold and not any(self.era[-threshold:])
        if self.state == "half_open" or in_a_row:
            self.change("open", opens_at=self.clock.now + 8)

    @precondition(lambda self: self.current)
    @rule(data=st.data())
    def cancel(self, data):
        self.breaker.cancelled(self.take(data))

    @precondition(lambda self: self.late)
    @rule(data=st.data(), outcome=st.sampled_from(["succeeded", "failed", "cancelled"]))
    def come_late(self, data, outcome):
        ticket = data.draw(st.sampled_from(self.late))
        self.late.remove(ticket)
        getattr(self.breaker, outcome)(ticket)

    @rule(seconds=st.sampled_from([0.5, 4.0, 7.5, 8.0]))
    def wait(self, seconds):
        self.clock.advance(seconds)

    @rule()
    def force_open(self):
        self.breaker.force_open()
        if self.state == "open":
            self.opens_at = math.inf
        else:
            self.change("open", opens_at=math.inf)

    @rule()
    def force_close(self):
        self.breaker.force_close()
        if self.state == "closed":
            self.era = []
        else:
            self.change("closed")

    def take(self, data):
        ticket = data.draw(st.sampled_from(self.current))
        self.current.remove(ticket)
        return ticket

    @invariant()
    def agrees(self):
        assert self.breaker.state == self.state
        assert self.changes == self.expected_changes
        if self.state == "half_open":
            assert len(self.current) <= self.settings.half_open_probes
            room = len(self.current) < self.settings.half_open_probes
            assert self.breaker.opens_in == (0 if room else PROBE_SECS)
        elif self.state == "open":
            assert self.breaker.opens_in == max(self.opens_at - self.clock.now, 0)
        else:
            assert self.breaker.opens_in == 0
        assert self.breaker.available is (self.breaker.opens_in == 0)


Breaker.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=60)
TestBreakerMachine = Breaker.TestCase


def test_opens_at_the_fifth_failure_in_a_row_by_default(clock):
    """The original counts every error of any client; here a success in between begins anew."""
    breaker = CircuitBreaker(BreakerSettings(), clock)
    for outcome in "ffffsffff":
        {"f": breaker.failed, "s": breaker.succeeded}[outcome](breaker.admit())
    assert breaker.state == "closed"
    breaker.failed(breaker.admit())
    assert breaker.state == "open"
    assert breaker.admit() is None


def test_lets_a_probe_through_to_the_second(clock, opened):
    breaker = opened(timeout_secs=30.0)
    clock.advance(29.0)
    assert (breaker.available, breaker.opens_in, breaker.admit()) == (False, 1.0, None)
    clock.advance(1.0)
    assert (breaker.available, breaker.opens_in, breaker.state) == (True, 0.0, "open")
    assert breaker.admit() is not None
    assert breaker.state == "half_open"


def test_reading_whether_it_is_available_changes_nothing(clock, opened):
    breaker = opened(timeout_secs=30.0)
    clock.advance(60.0)
    assert [breaker.available for _ in range(3)] == [True] * 3
    assert breaker.state == "open"


def test_probes_are_limited(clock, opened):
    """The original lets everything through when half open: a herd on a provider just back."""
    breaker = opened(half_open_probes=2)
    clock.advance(60.0)
    tickets = [breaker.admit() for _ in range(100)]
    assert sum(ticket is not None for ticket in tickets) == 2
    assert not breaker.available


def test_a_cancelled_probe_gives_its_place_back(clock, opened):
    breaker = opened()
    clock.advance(60.0)
    breaker.cancelled(breaker.admit())
    assert breaker.state == "half_open"
    assert breaker.admit() is not None


@pytest.mark.parametrize("threshold", [1, 3])
def test_closes_after_enough_probes(clock, opened, threshold):
    breaker = opened(success_threshold=threshold)
    clock.advance(60.0)
    for _ in range(threshold):
        assert breaker.state != "closed"
        breaker.succeeded(breaker.admit())
    assert breaker.state == "closed"


def test_a_failed_probe_opens_it_for_the_whole_time_again(clock, opened):
    breaker = opened(timeout_secs=30.0, success_threshold=2)
    clock.advance(40.0)
    breaker.succeeded(breaker.admit())
    breaker.failed(breaker.admit())
    assert (breaker.state, breaker.opens_in) == ("open", 30.0)


def test_what_was_begun_before_it_opened_does_not_close_it(clock):
    breaker = CircuitBreaker(
        BreakerSettings(failure_threshold=1, success_threshold=1, half_open_probes=1), clock
    )
    early = [breaker.admit() for _ in range(3)]
    breaker.failed(breaker.admit())
    breaker.succeeded(early[0])
    assert breaker.state == "open"
    clock.advance(60.0)
    probe = breaker.admit()
    breaker.succeeded(early[1])
    breaker.cancelled(early[2])
    assert breaker.state == "half_open"
    assert breaker.admit() is None
    breaker.succeeded(probe)
    assert breaker.state == "closed"


def test_forced_open_it_stays_so(clock):
    breaker = CircuitBreaker(BreakerSettings(), clock)
    breaker.force_open()
    clock.advance(1e9)
    assert (breaker.state, breaker.admit(), breaker.opens_in) == ("open", None, math.inf)
    breaker.force_close()
    assert breaker.admit() is not None


def test_forced_closed_it_counts_from_none(clock):
    breaker = CircuitBreaker(BreakerSettings(failure_threshold=2), clock)
    breaker.failed(breaker.admit())
    breaker.force_close()
    breaker.failed(breaker.admit())
    assert breaker.state == "closed"


@pytest.mark.parametrize(("enabled", "state"), [(False, "closed"), (None, "open"), (True, "open")])
def test_switched_off_it_does_not_open(clock, enabled, state):
    breaker = CircuitBreaker(BreakerSettings(enabled=enabled), clock)
    for _ in range(10):
        if (ticket := breaker.admit()) is not None:
            breaker.failed(ticket)
    assert breaker.state == state
