from collections import Counter
from random import Random

import pytest

from lunaroute_core.testing import chat_request
from lunaroute_routing.strategies import Sticky

SESSIONS = [f"session-{number}" for number in range(4_000)]


def request_of(**who):
    request = chat_request()
    for name, value in who.items():
        setattr(request.context, name, value)
    return request


def places(offered, strategy=None):
    strategy = strategy or Sticky()
    return [strategy.rank(offered, request_of(session_id=one))[0].name for one in SESSIONS]


def moved(before, after):
    return [(old, new) for old, new in zip(before, after, strict=True) if old != new]


def test_sessions_are_spread_evenly(deployment):
    turns = Counter(places([deployment(name) for name in "abcd"]))
    assert all(900 < turns[name] < 1_100 for name in "abcd")


def test_sessions_are_spread_by_weight(deployment):
    weights = {"a": 70, "b": 20, "c": 10, "spare": 0}
    turns = Counter(places([deployment(name, weight=weight) for name, weight in weights.items()]))
    assert turns["spare"] == 0
    assert turns["a"] / 4_000 == pytest.approx(0.7, abs=0.03)
    assert turns["b"] / 4_000 == pytest.approx(0.2, abs=0.03)


def test_a_session_is_in_the_same_place_in_every_process_and_order(deployment):
    offered = [deployment(name) for name in "abcd"]
    assert places(offered, Sticky(Random(1))) == places(offered[::-1], Sticky(Random(2)))


def test_the_hash_is_the_same_in_every_version(deployment):
    """Otherwise an upgrade would move all sessions."""
    offered = [deployment(name) for name in "abcd"]
    assert "".join(places(offered)[:16]) == "caacddbaadcabbca"


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_a_deployment_more_takes_its_share_and_moves_nothing_else(deployment, count):
    offered = [deployment(f"old-{number}") for number in range(count)]
    moves = moved(places(offered), places([*offered, deployment("new")]))
    assert {new for _, new in moves} == {"new"}
    assert len(moves) / len(SESSIONS) == pytest.approx(1 / (count + 1), abs=0.03)


def test_a_deployment_less_moves_its_own_sessions_to_all_the_others(deployment):
    a, b, c, d = (deployment(name) for name in "abcd")
    moves = moved(places([a, b, c, d]), places([a, c, d]))
    assert {old for old, _ in moves} == {"b"}
    spread = Counter(new for _, new in moves)
    assert all(len(moves) / 4 < spread[name] for name in "acd")


def test_the_second_choice_is_where_the_session_goes_without_the_first(deployment):
    offered = [deployment(name) for name in "abcd"]
    for session in SESSIONS[:50]:
        first, *others = Sticky().rank(offered, request_of(session_id=session))
        left = [one for one in offered if one is not first]
        assert list(Sticky().rank(left, request_of(session_id=session))) == others


@pytest.mark.parametrize("known", ["key", "tenant", "client_address"])
def test_without_a_session_the_client_is_what_stays(deployment, known):
    offered = [deployment(name) for name in "abcd"]
    strategy = Sticky(Random(1))
    for number in range(20):
        request = request_of(**{known: f"client-{number}"})
        assert len({strategy.rank(offered, request)[0] for _ in range(9)}) == 1


def test_a_session_goes_before_its_client(deployment):
    offered = [deployment(name) for name in "abcd"]
    requests = [request_of(session_id=one, key="same", tenant="same") for one in SESSIONS[:99]]
    assert {Sticky().rank(offered, request)[0].name for request in requests} == set("abcd")


def test_chance_decides_by_weight_where_nothing_is_known(ask, deployment):
    offered = [deployment("a", weight=3), deployment("b")]
    strategy = Sticky(Random(1))
    turns = Counter(ask(strategy, offered, chat_request()) for _ in range(4_000))
    assert turns["a"] / 4_000 == pytest.approx(0.75, abs=0.03)
