"""What holds for every strategy."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.testing import chat_request
from lunaroute_routing.strategies import (
    Cheapest,
    LeastBusy,
    LeastLatency,
    Ordered,
    RoundRobin,
    SmoothWeighted,
    Sticky,
)

STRATEGIES = {
    "cheapest": Cheapest,
    "least-busy": lambda: LeastBusy(Random(1)),
    "least-latency": lambda: LeastLatency(Random(1)),
    "ordered": Ordered,
    "round-robin": RoundRobin,
    "sticky": lambda: Sticky(Random(1)),
    "weighted-round-robin": SmoothWeighted,
}
MEMBERS = st.lists(
    st.fixed_dictionaries(
        {
            "weight": st.integers(0, 100),
            "in_flight": st.integers(0, 50),
            "content": st.floats(0, 100),
            "answer": st.floats(0, 100),
            "price": st.none() | st.tuples(st.floats(0, 100), st.floats(0, 100)),
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategies_have_the_names_of_the_configuration(name):
    assert STRATEGIES[name]().name == name


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data(), members=MEMBERS, stream=st.booleans())
def test_exactly_those_that_are_offered_are_ranked(name, deployment, data, members, stream):
    all_of_them = [deployment(f"p{place}", **member) for place, member in enumerate(members)]
    strategy, request = STRATEGIES[name](), chat_request(stream=stream)
    for _ in range(6):
        offered = data.draw(st.lists(st.sampled_from(all_of_them), min_size=1, unique=True))
        ranked = strategy.rank(tuple(offered), request)
        assert sorted(map(id, ranked)) == sorted(map(id, offered))
        strategy.took(data.draw(st.sampled_from(offered)), offered)


@pytest.mark.parametrize("name", ["cheapest", "ordered", "round-robin", "weighted-round-robin"])
@given(members=MEMBERS, asked=st.lists(st.integers(0, 5), max_size=20))
def test_asking_for_advice_changes_nothing(name, deployment, members, asked):
    offered = [deployment(f"p{place}", **member) for place, member in enumerate(members)]
    strategy, request = STRATEGIES[name](), chat_request()
    for place in asked:
        strategy.took(offered[place % len(offered)], offered)
    assert list(strategy.rank(offered, request)) == list(strategy.rank(offered, request))
