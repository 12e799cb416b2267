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
