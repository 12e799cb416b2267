from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.testing import chat_request
from lunaroute_routing.strategies import LeastBusy


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers())
def test_fewer_requests_under_way_come_first(deployment, loads, seed):
    offered = [deployment(str(place), in_flight=load) for place, load in enumerate(loads)]
    ranked = LeastBusy(Random(seed)).rank(offered, chat_request())
    assert [one.state.in_flight for one in ranked] == sorted(loads)


def test_chance_decides_among_equals(ask, deployment):
    offered = [*(deployment(name, in_flight=2) for name in "abc"), deployment("d", in_flight=3)]
    strategy = LeastBusy(Random(1))
    turns = Counter(ask(strategy, offered, chat_request()) for _ in range(3_000))
    assert set(turns) == set("abc")
    assert all(900 < turns[name] < 1_100 for name in "abc")
