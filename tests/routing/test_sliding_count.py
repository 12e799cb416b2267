"""The count against one that keeps every moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_routing.sliding_count import SlidingCount

PAUSES = st.lists(st.integers(0, 400).map(lambda quarters: quarters / 4), min_size=1)


@given(PAUSES, st.floats(0, 1e6))
def test_counts_what_is_new_and_forgets_what_is_old(pauses, begin):
    count, moments, now = SlidingCount(60.0, 12), [], begin
    for pause in pauses:
        now += pause
        moments.append(now)
        total = count.add(now)
        assert total == count.total(now)
        assert total >= sum(now - moment < 55 - 1e-6 for moment in moments)
        assert total <= sum(now - moment <= 60 + 1e-6 for moment in moments)


@pytest.mark.parametrize(("now", "total"), [(64.75, 2), (65.0, 1), (69.75, 1), (70.0, 0)])
def test_forgets_step_by_step(now, total):
    count = SlidingCount(60.0, 12)
    count.add(7.0)
    count.add(12.0)
    assert count.total(now) == total


def test_more_steps_forget_in_smaller_ones():
    count = SlidingCount(60.0, 60)
    count.add(7.0)
    assert (count.total(66.5), count.total(67.0)) == (1, 0)
