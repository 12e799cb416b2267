from collections import Counter
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.testing import chat_request
from lunaroute_routing.strategies import SmoothWeighted

REQUEST = chat_request()
WEIGHTS = st.lists(st.integers(1, 20), min_size=2, max_size=6)


def run(ask, strategy, offered, times):
    return [ask(strategy, offered, REQUEST) for _ in range(times)]


@pytest.fixture
def weighted(deployment):
    return lambda **weights: [deployment(name, weight=weight) for name, weight in weights.items()]


def test_the_order_is_nginxs(ask, weighted):
    """Source: the example in nginx's commit "Upstream: smooth weighted round-robin balancing"."""
    turns = run(ask, SmoothWeighted(), weighted(a=5, b=1, c=1), 14)
    assert "".join(turns) == "aabacaa" * 2


def test_seventy_twenty_and_ten_are_interleaved(ask, weighted):
    turns = run(ask, SmoothWeighted(), weighted(a=70, b=20, c=10), 20)
    assert "".join(turns) == "aabaacaaba" * 2


def test_weight_nought_is_the_last_resort(ask, weighted):
    a, b, spare = weighted(a=3, b=1, spare=0)
    strategy = SmoothWeighted()
    assert "spare" not in run(ask, strategy, [a, b, spare], 2)
    assert "spare" not in run(ask, strategy, [b, spare], 9)
    assert run(ask, strategy, [spare], 2) == ["spare", "spare"]
    assert "spare" not in run(ask, strategy, [spare, a, b], 9)


@given(weights=WEIGHTS)
def test_each_cycle_is_exact(ask, deployment, weights):
    offered = [deployment(str(place), weight=weight) for place, weight in enumerate(weights)]
    strategy = SmoothWeighted()
    for _ in range(3):
        turns = Counter(run(ask, strategy, offered, sum(weights)))
        assert [turns[one.name] for one in offered] == weights


@given(weights=WEIGHTS)
def test_nobody_is_ever_two_turns_off_its_share(ask, deployment, weights):
    """Bursts, as of a counter over cumulative weights, would be off by most of a weight."""
    offered = [deployment(str(place), weight=weight) for place, weight in enumerate(weights)]
    strategy, total, turns = SmoothWeighted(), sum(weights), Counter()
    for asked in range(1, 2 * total + 1):
        turns[ask(strategy, offered, REQUEST)] += 1
        for one in offered:
            assert abs(turns[one.name] - asked * one.target.weight / total) < 2


@given(weights=WEIGHTS, data=st.data())
def test_members_that_drop_out_and_come_back_cause_no_burst(ask, deployment, weights, data):
    everyone = [deployment(str(place), weight=weight) for place, weight in enumerate(weights)]
    strategy = SmoothWeighted()
    for _ in range(4):
        offered = data.draw(st.lists(st.sampled_from(everyone), min_size=1, unique=True))
        run(ask, strategy, offered, data.draw(st.integers(0, 30)))
    total = sum(weights)
    turns = run(ask, strategy, everyone, 3 * total)
    for one in everyone:
        places = [-1, *(at for at, name in enumerate(turns) if name == one.name), len(turns)]
        gaps = [later - earlier for earlier, later in pairwise(places)]
        assert max(gaps) <= 2 * ceil(total / one.target.weight) + 1
