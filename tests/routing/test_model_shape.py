import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lunaroute_routing.model_shape import Exact, Prefix, shape_of_glob, shape_of_pattern

CHARS = "ab-.]!"


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ("^gpt-5$", Exact(("gpt-5",))),
        (r"^gpt-4\.1$", Exact(("gpt-4.1",))),
        ("^gpt-", Prefix("gpt-")),
        ("^gpt-.*", Prefix("gpt-")),
        (r"^org/gpt\-4\.1", Prefix("org/gpt-4.1")),
        ("^", Prefix("")),
        ("^.*", Prefix("")),
    ],
)
def test_a_pattern_that_is_a_name_or_a_beginning_is_recognized(pattern, shape):
    assert shape_of_pattern(pattern) == shape


@pytest.mark.parametrize(
    "pattern",
    [
        "gpt-5",
        "^gpt-5|o3",
        "^gpt-4.1",
        "^gpt-?",
        "^gpt-*",
        "^gpt-+",
        "^gpt-.*$",
        r"^gpt\d",
        "^(gpt)",
    ],
)
def test_a_pattern_that_is_more_stays_one(pattern):
    assert shape_of_pattern(pattern).pattern == pattern


@given(
    st.lists(st.sampled_from([*"ab-", r"\.", ".", ".*", "b?", "a|b", "$", "^"]), max_size=5),
    st.text("ab-.\n", max_size=6),
)
@example(["^", "a", "$"], "a\n")
def test_a_shape_has_the_names_in_which_the_pattern_is_found(pieces, model):
    pattern = "^" + "".join(pieces)
    # Python's `$` also stands before a last line break.
    found = re.search(pattern.replace("$", r"\Z"), model) is not None
    assert shape_of_pattern(pattern).has(model) is found


@pytest.mark.parametrize(
    ("glob", "shape"),
    [("gpt-4.1", Exact(("gpt-4.1",))), ("gpt-4.*", Prefix("gpt-4.")), ("*", Prefix(""))],
)
def test_a_glob_that_is_a_name_or_a_beginning_is_recognized(glob, shape):
    assert shape_of_glob(glob) == shape


@given(
    st.lists(st.sampled_from([*"ab-.^$\\", "*", "?", "[ab]", "[!a]", "[]a]", "[a-b]", "[^]"])),
    st.text("ab-.]^$\\\n", max_size=6),
)
def test_a_glob_is_that_of_the_shell(pieces, model):
    glob = "".join(pieces)
    assert shape_of_glob(glob).has(model) is fnmatchcase(model, glob)


@pytest.mark.parametrize(("glob", "reason"), [("gpt-[45", "not closed"), ("gpt-[5-4]", "range")])
def test_a_glob_that_is_none_is_refused(glob, reason):
    with pytest.raises(ValueError, match=reason):
        shape_of_glob(glob)
