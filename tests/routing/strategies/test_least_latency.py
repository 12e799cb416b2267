from collections import Counter
from random import Random

import pytest

from lunaroute_core.testing import chat_request
from lunaroute_routing.strategies import LeastLatency


def turns_of(ask, offered, *, stream=False, times=3_000):
    strategy, request = LeastLatency(Random(1)), chat_request(stream=stream)
    return Counter(ask(strategy, offered, request) for _ in range(times))


def test_of_two_the_faster_is_always_asked(ask, deployment):
    offered = [deployment("slow", answer=2.0), deployment("fast", answer=1.0)]
    assert turns_of(ask, offered, times=100) == {"fast": 100}


@pytest.mark.parametrize(("stream", "faster"), [(True, "prompt"), (False, "quick")])
def test_of_streams_the_time_until_content_counts(ask, deployment, stream, faster):
    offered = [
        deployment("prompt", content=0.5, answer=9.0),
        deployment("quick", content=2.0, answer=3.0),
    ]
    assert set(turns_of(ask, offered, stream=stream, times=50)) == {faster}


def test_load_outweighs_speed(ask, deployment):
    offered = [deployment("fast", answer=1.0, in_flight=5), deployment("slow", answer=5.0)]
    assert set(turns_of(ask, offered, times=50)) == {"slow"}


def test_of_three_the_fastest_is_asked_most_and_the_slowest_never(ask, deployment):
    offered = [deployment(name, answer=time) for name, time in (("a", 3.0), ("b", 1.0), ("c", 2.0))]
    turns = turns_of(ask, offered)
    assert set(turns) == {"b", "c"}
    assert 1_900 < turns["b"] < 2_100  # two of the three pairs


def test_equals_share(ask, deployment):
    turns = turns_of(ask, [deployment(name, answer=1.0) for name in "abc"])
    assert all(900 < turns[name] < 1_100 for name in "abc")


def test_an_unknown_time_is_found_out_by_one_request(ask, deployment):
    known, unknown = deployment("known", answer=1.0, in_flight=9), deployment("unknown")
    assert set(turns_of(ask, [known, unknown], times=20)) == {"unknown"}
    unknown.state.in_flight = 1
    assert set(turns_of(ask, [known, unknown], times=20)) == {"known"}


def test_with_no_time_known_the_less_busy_is_asked(ask, deployment):
    offered = [deployment("a", in_flight=2), deployment("b", in_flight=1)]
    assert set(turns_of(ask, offered, times=20)) == {"b"}
