"""The wait before a retry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_routing.backoff import Backoff
from lunaroute_routing.settings import RetrySettings

ALMOST_ONE = 1 - 2**-53


def delays(*, draw, retries=8, **settings):
    backoff = Backoff(RetrySettings(**settings), lambda: draw)
    return [backoff.delay(retry) for retry in range(1, retries + 1)]


def test_the_limit_doubles_up_to_the_longest():
    expected = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert delays(draw=ALMOST_ONE) == pytest.approx(expected)


def test_the_wait_is_drawn_from_all_of_it():
    assert delays(draw=0.0) == [0.0] * 8
    halves = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.5, 2.5]
    assert delays(draw=0.5) == pytest.approx(halves)


def test_base_and_maximum_are_settings():
    waits = delays(draw=ALMOST_ONE, retries=4, base_ms=1000.0, max_ms=3000.0)
    assert waits == pytest.approx([1.0, 2.0, 3.0, 3.0])


def test_no_number_of_retries_is_too_great():
    assert Backoff(RetrySettings(), lambda: ALMOST_ONE).delay(10_000) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("asked", "delay"),
    [(None, 0.05), (0.0, 0.05), (2.0, 2.05), (4.99, 5.0), (5.0, 5.0), (5.01, None)],
)
def test_waits_as_long_as_the_upstream_asks_or_does_not_ask_again(asked, delay):
    backoff = Backoff(RetrySettings(), lambda: 0.5)
    assert backoff.delay(1, asked) == (None if delay is None else pytest.approx(delay))


@given(st.integers(1, 5000), st.floats(0, ALMOST_ONE), st.none() | st.floats(0, 100))
def test_is_between_what_is_asked_and_the_longest(retry, draw, asked):
    delay = Backoff(RetrySettings(), lambda: draw).delay(retry, asked)
    assert (delay is None) is ((asked or 0) > 5)
    if delay is not None:
        assert (asked or 0) <= delay <= 5
