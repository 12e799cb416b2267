import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.tool_ids import short_id, short_name

ACCEPTED = re.compile(r"[a-zA-Z0-9_-]{1,40}")


@pytest.mark.parametrize("original", ["toolu_01AbC", "call_1", "a-b", "x" * 40])
def test_an_acceptable_id_stays(original):
    assert short_id(original, limit=40) == original
    assert short_name(original, limit=40) == original


def test_what_is_replaced_is_a_hash_of_itself():
    assert short_id("functions.Bash:0", limit=40) == "luna_vf6rkby7ox5saq62qdjy"
    assert len(short_id("x" * 90, limit=40)) == 25


def test_ids_that_differ_in_refused_characters_only_stay_distinct():
    assert len({short_id(it, limit=40) for it in ("a.b", "a:b", "a b", "a_b")}) == 4


def test_a_hash_keeps_to_a_shorter_limit():
    assert short_id("x" * 90, limit=16) == short_id("x" * 90, limit=40)[:16]


@given(original=st.text(), limit=st.integers(16, 64))
def test_short_forms_are_acceptable_and_stable(original, limit):
    for shorten in (short_id, short_name):
        short = shorten(original, limit=limit)
        assert ACCEPTED.fullmatch(short[:40])
        assert len(short) <= limit
        assert shorten(short, limit=limit) == short
        assert shorten(original, limit=limit) == short


@given(names=st.sets(st.text(), min_size=2, max_size=2))
def test_two_ids_never_become_one(names):
    assert len({short_id(name, limit=40) for name in names}) == 2
    assert len({short_name(name, limit=64) for name in names}) == 2


def test_a_shortened_name_can_still_be_read():
    assert short_name("mcp.files/read", limit=64).startswith("mcp_files_read_")


@pytest.mark.parametrize("original", ["AbC123xyz", "123456789"])
def test_exact_ids_that_are_acceptable_stay(original):
    assert short_id(original, limit=9, exact=True) == original


@given(original=st.text())
def test_exact_ids_are_so_many_letters_and_digits_and_stable(original):
    short = short_id(original, limit=9, exact=True)
    assert re.fullmatch("[a-zA-Z0-9]{9}", short)
    assert short_id(short, limit=9, exact=True) == short


def test_exact_ids_stay_distinct():
    originals = ["call_1", "call_2", "call.1", "toolu_01AbCdEfGh", ""]
    assert len({short_id(it, limit=9, exact=True) for it in originals}) == 5
