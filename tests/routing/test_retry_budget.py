"""The budget of retries: what it grants is bounded at every moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.testing import FakeClock
from lunaroute_routing.retry_budget import RetryBudget

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deposit"), st.integers(1, 30)),
        st.tuples(st.just("withdraw"), st.integers(1, 30)),
        st.tuples(st.just("wait"), st.integers(1, 60)),
    ),
    max_size=60,
)


@pytest.fixture
def clock():
    return FakeClock(now=1000.0)


def granted(budget, tries=1000):
    return sum(budget.withdraw() for _ in range(tries))


@given(
    STEPS,
    st.sampled_from([0.0, 0.05, 0.2, 1.0]),
    st.sampled_from([0, 3]),
    st.sampled_from([2.0, 10.0]),
)
def test_never_grants_more_than_the_window_allows(steps, ratio, reserve, window):
    clock = FakeClock()
    budget = RetryBudget(ratio, clock, reserve=reserve, window_secs=window)
    deposits, grants = [], []

    def recent(moments):
        return sum(clock.now - moment <= window + 1e-9 for moment in moments)

    for action, amount in steps:
        for _ in range(amount):
            if action == "deposit":
                budget.deposit()
                deposits.append(clock.now)
            elif action == "withdraw":
                balance = budget.balance
                assert budget.withdraw() is (balance > 0)
                if balance:
                    assert budget.balance == balance - 1
                    grants.append(clock.now)
                    assert recent(grants) <= reserve + ratio * recent(deposits)
            else:
                clock.advance(0.25)
            assert budget.balance >= 0


@given(
    st.lists(st.booleans(), max_size=200), st.sampled_from([0.0, 0.05, 0.2, 1.0]), st.integers(0, 5)
)
def test_grants_exactly_what_it_may(operations, ratio, reserve):
    budget = RetryBudget(ratio, FakeClock(), reserve=reserve)
    deposits = grants = 0
    for is_deposit in operations:
        if is_deposit:
            budget.deposit()
            deposits += 1
            continue
        may = grants + 1 <= reserve + ratio * deposits
        assert budget.withdraw() is may
        grants += may


def test_by_default_there_are_ten_without_any_request(clock):
    assert granted(RetryBudget(0.2, clock)) == 10


@pytest.mark.parametrize(("ratio", "retries"), [(0.0, 0), (0.1, 10), (0.2, 20), (2.0, 200)])
def test_the_ratio_is_a_setting(clock, ratio, retries):
    budget = RetryBudget(ratio, clock, reserve=0)
    for _ in range(100):
        budget.deposit()
    assert granted(budget) == retries


@pytest.mark.parametrize("window", [10.0, 50.0])
def test_the_reserve_comes_back(clock, window):
    budget = RetryBudget(0.2, clock, reserve=3, window_secs=window)
    assert granted(budget) == 3
    clock.advance(window)
    assert granted(budget) == 0
    clock.advance(window / 10)
    assert granted(budget) == 3


def test_requests_of_long_ago_allow_nothing(clock):
    budget = RetryBudget(1.0, clock, reserve=0)
    for _ in range(100):
        budget.deposit()
    clock.advance(10.0)
    assert granted(budget) == 0
