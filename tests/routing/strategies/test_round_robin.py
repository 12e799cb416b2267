from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.testing import chat_request
from lunaroute_routing.strategies import RoundRobin

REQUEST = chat_request()


def run(ask, strategy, offered, times):
    return "".join(ask(strategy, offered, REQUEST) for _ in range(times))


def test_targets_take_turns_as_they_are_written(ask, deployment):
    abc = [deployment(name) for name in "abc"]
    assert run(ask, RoundRobin(), abc, 7) == "abcabca"


def test_those_that_are_left_share_evenly_and_nothing_is_made_up_for(ask, deployment):
    a, b, c = (deployment(name) for name in "abc")
    strategy = RoundRobin()
    assert run(ask, strategy, [a, b, c], 3) == "abc"
    assert run(ask, strategy, [a, c], 6) == "acacac"
    assert run(ask, strategy, [a, b, c], 6) == "bacbac"


def test_a_target_that_is_written_twice_has_two_turns(ask, deployment):
    aab = [deployment("a"), deployment("a"), deployment("b")]
    assert Counter(run(ask, RoundRobin(), aab, 30)) == {"a": 20, "b": 10}


@given(st.lists(st.sets(st.sampled_from("abcd"), min_size=1), max_size=10))
def test_whatever_happened_before_each_has_every_nth_turn_while_the_same_are_available(
    ask, deployment, phases
):
    everyone = {name: deployment(name) for name in "abcd"}
    strategy = RoundRobin()
    for names in phases:
        offered = [everyone[name] for name in sorted(names)]
        turns = run(ask, strategy, offered, 3 * len(names))
        for start in range(2 * len(names) + 1):
            assert set(islice(turns, start, start + len(names))) == names
