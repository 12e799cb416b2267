from lunaroute_routing.wording import SHOWN, is_none_of, quoted


def test_a_value_stands_in_quotes():
    assert quoted("claude-*") == '"claude-*"'


def test_a_value_stays_on_its_line():
    assert quoted("a\nb\x1b[31m") == r'"a\nb\x1b[31m"'


def test_a_long_value_is_cut():
    assert quoted("x" * 10_000) == f'"{"x" * SHOWN}…"'


def test_one_value_is_not_several():
    assert is_none_of(["a"]) == 'is not "a"'
    assert is_none_of(["a", "b"]) == 'is none of "a", "b"'
