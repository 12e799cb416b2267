import time

import pytest

from lunaroute_routing.patterns import PatternSet, check_pattern

EXPONENTIAL = (r"(a+)+$", r"(a|aa)+$", r"(a*)*b", r"(.*a){20}$")
"""A backtracking engine takes longer than a lifetime with thirty characters of these."""


def test_patterns_are_found_anywhere_unless_they_are_anchored():
    patterns = PatternSet.of(["gpt", "^gpt", "gpt$", "^gpt$"])
    assert sorted(patterns.found_in("gpt")) == [0, 1, 2, 3]
    assert patterns.found_in("my-gpt-5") == [0]
    assert sorted(patterns.found_in("gpt-5")) == [0, 1]


def test_no_pattern_is_found_where_there_is_none():
    assert PatternSet.of([]).found_in("gpt") == []
    assert PatternSet.of(["gpt"]).found_in("claude") == []


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"^(?=gpt)", '"(?=" is a lookahead'),
        (r"^(?!gpt)", '"(?!" is a lookahead'),
        (r"(?<=gpt-)5", '"(?<=" is a lookbehind'),
        (r"(?<!gpt-)5", '"(?<!" is a lookbehind'),
        (r"(a)\1", r'"\1" is a back-reference'),
        (r"(?P<x>a)(?P=x)", '"(?P" is a back-reference'),
        (r"(?>a+)", "an atomic group"),
        (r"(a)(?(1)b|c)", "a conditional"),
        (r"a++", "a possessive quantifier"),
    ],
)
def test_what_is_not_regular_is_refused_with_the_reason(pattern, reason):
    with pytest.raises(ValueError) as error:
        check_pattern(pattern)
    assert reason in str(error.value)
    assert "linear time" in str(error.value)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(gpt", r"missing \)"),
        ("[gpt", r"missing \]"),
        ("*gpt", "no argument for repetition operator"),
        (r"(\pL{100}){10}", "pattern too large"),
        ("\ud800", "half a character"),
    ],
)
def test_what_is_no_pattern_is_refused_with_the_reason(pattern, reason):
    with pytest.raises(ValueError, match=reason):
        check_pattern(pattern)
    with pytest.raises(ValueError, match=reason):
        PatternSet.of(["gpt", pattern])


def test_patterns_that_do_not_fit_into_one_automaton_are_found_all_the_same():
    patterns = PatternSet.of([rf"^{number}(x|yy|\pL){{50}}z$" for number in range(40)])
    assert len(patterns._parts) > 1
    for number in (0, 1, 19, 20, 39):
        assert patterns.found_in(f"{number}{'ä' * 50}z") == [number]


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_a_text_that_a_backtracking_engine_despairs_of_takes_no_time(pattern):
    """Within the milliseconds allowed, backtracking would not get past the thirtieth character."""
    patterns = PatternSet.of([pattern])
    started = time.process_time()
    assert patterns.found_in("a" * 10_000 + "!") == []
    assert time.process_time() - started < 0.5


def test_half_a_character_in_a_text_is_no_error():
    assert PatternSet.of(["^gpt"]).found_in("gpt\ud800") == [0]
