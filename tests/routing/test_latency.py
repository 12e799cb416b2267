"""The peak-sensitive average."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.testing import FakeClock
from lunaroute_routing.latency import PeakEWMA

SECONDS = st.floats(0, 1e4)


@pytest.fixture
def clock():
    return FakeClock(now=50.0)


def test_is_zero_before_anything(clock):
    assert PeakEWMA(clock).value == 0.0


def test_a_peak_is_taken_at_once(clock):
    latency = PeakEWMA(clock)
    for seconds in (1.0, 1.0, 30.0):
        latency.observe(seconds)
    assert latency.value == 30.0


@pytest.mark.parametrize("decay", [10.0, 40.0])
def test_what_is_faster_counts_by_the_time_since_the_last_one(clock, decay):
    latency = PeakEWMA(clock, decay)
    latency.observe(30.0)
    clock.advance(decay)
    latency.observe(1.0)
    assert latency.value == pytest.approx(1.0 + 29.0 / math.e)


def test_a_burst_of_fast_ones_does_not_hide_a_peak(clock):
    latency = PeakEWMA(clock)
    latency.observe(30.0)
    for _ in range(1000):
        latency.observe(0.1)
    assert latency.value == pytest.approx(30.0)


@pytest.mark.parametrize("decay", [10.0, 40.0])
def test_left_alone_it_sinks(clock, decay):
    latency = PeakEWMA(clock, decay_secs=decay)
    latency.observe(30.0)
    clock.advance(decay)
    assert latency.value == pytest.approx(30.0 / math.e)
    assert latency.value == pytest.approx(30.0 / math.e)
    clock.advance(decay * 20)
    assert latency.value < 0.001


@given(st.lists(st.tuples(st.floats(0, 100), SECONDS), min_size=1))
def test_is_never_below_the_last_nor_above_the_greatest(observed):
    clock = FakeClock()
    latency = PeakEWMA(clock)
    for pause, seconds in observed:
        clock.advance(pause)
        latency.observe(seconds)
        assert latency.value >= seconds * (1 - 1e-9)
    assert latency.value <= max(seconds for _, seconds in observed)
