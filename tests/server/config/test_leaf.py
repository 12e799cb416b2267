from typing import Annotated, Literal

import pytest
from msgspec import Meta

from lunaroute_server.config.leaf import checked, checked_text

LEVEL = Literal["debug", "info", "warning"]
POSITIVE = Annotated[float, Meta(gt=0)]


@pytest.mark.parametrize(
    ("value", "annotation"),
    [(5, int), (5, float), ("x", str), (None, int | None), (["a"], tuple[str, ...])],
)
def test_a_value_that_fits_stays(value, annotation):
    assert checked(value, annotation) == value


@pytest.mark.parametrize(
    ("value", "annotation", "reason"),
    [
        ("5", int, "Expected `int`, got `str`"),
        (True, int, "Expected `int`, got `bool`"),
        (0, POSITIVE, "Expected `float` > 0.0"),
        (float("inf"), POSITIVE, "finite"),
        (None, str, "Expected `str`, got `null`"),
        ([1], tuple[str, ...], "Expected `str`, got `int`"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(value, annotation, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        checked(value, annotation)
    assert "$" not in str(caught.value)  # the place is told as the key's path


@pytest.mark.parametrize(
    ("value", "word"),
    [("debug", "debug"), ("INFO", "info"), ("warn", "warning"), ("trace", "debug")],
)
def test_words_may_be_in_capitals_or_the_originals(value, word):
    assert checked(value, LEVEL) == word


def test_another_word_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match='one of debug, info, warning, got "loud"'):
        checked("loud", LEVEL)


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("5", int, 5),
        ("2.5", POSITIVE | None, 2.5),
        ("null", str | None, "null"),
        ("8081", str, "8081"),
        ("on", bool, True),
        ("NO", bool, False),
        ("0", bool, False),
        ("Warn", LEVEL, "warning"),
    ],
)
def test_a_text_becomes_what_the_field_is(text, annotation, value):
    assert checked_text(text, annotation) == value


@pytest.mark.parametrize(
    ("text", "annotation", "reason"),
    [
        ("five", int, "Expected `int`"),
        ("maybe", bool, "Expected one of true, 1, yes, on, false"),
        ("-1", POSITIVE, "> 0"),
        ("inf", POSITIVE, "finite"),
        ("a,b", tuple[str, ...], "Expected `array`"),
    ],
)
def test_a_text_that_does_not_fit_is_refused(text, annotation, reason):
    with pytest.raises(ValueError, match=reason):
        checked_text(text, annotation)
