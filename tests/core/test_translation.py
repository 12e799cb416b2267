"""What an encoder says of a request on its way into another dialect."""

import pytest

from lunaroute_core import InvalidRequestError, TranslationWarning
from lunaroute_core.translation import Translation


def test_what_is_left_out_or_imitated_is_told_once():
    translation = Translation()
    for _ in range(2):
        translation.dropped("seed", "nothing like it")
        translation.emulated("response_format")
    translation.emulated("tool_choice", exact=True)
    assert translation.warnings == [
        TranslationWarning(outcome="dropped", param="seed", message="nothing like it"),
        TranslationWarning(outcome="emulated", param="response_format"),
    ]


def test_what_was_told_before_is_not_told_again():
    """A request goes through several translations, which share its warnings."""
    told = [TranslationWarning(outcome="dropped", param="seed")]
    Translation(warnings=told).dropped("seed")
    Translation(warnings=told).dropped("n")
    assert [warning.param for warning in told] == ["seed", "n"]


def test_what_another_translation_told_in_the_meantime_is_not_told_again():
    told = []
    first, second = Translation(warnings=told), Translation(warnings=told)
    second.dropped("seed")
    first.dropped("seed")
    assert [warning.param for warning in told] == ["seed"]


def test_many_warnings_take_no_longer_each_than_few():
    """Clients can make up any number of fields."""
    translation = Translation()
    for number in range(100_000):
        translation.dropped(f"field_{number}")
    assert len(translation.warnings) == 100_000


@pytest.mark.parametrize("outcome", ["dropped", "emulated"])
def test_strict_translation_refuses_it_instead(outcome):
    translation = Translation(strict=True)
    with pytest.raises(InvalidRequestError) as caught:
        getattr(translation, outcome)("seed")
    assert caught.value.details.param == "seed"
    assert translation.warnings == []


def test_what_nobody_can_tell_is_not_refused():
    Translation(strict=True).emulated("tool_choice", exact=True)


def test_a_rejection_names_the_field():
    with pytest.raises(InvalidRequestError, match="n: only one") as caught:
        Translation().rejected("n", "only one")
    assert caught.value.details.param == "n"
