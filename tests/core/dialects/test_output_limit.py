import pytest

from lunaroute_core.capabilities import Capabilities
from lunaroute_core.dialects.output_limit import output_limit
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.translation import Translation


def translation(most, *, strict=False):
    return Translation(capabilities=Capabilities(max_output_tokens=most), strict=strict)


@pytest.mark.parametrize(("asked", "most"), [(None, 5), (4, 5), (5, 5), (9, None), (None, None)])
def test_what_the_model_can_write_is_asked_for_as_it_is(asked, most):
    given = translation(most, strict=True)
    assert output_limit(asked, given, param="max_tokens") == asked
    assert given.warnings == []


def test_more_is_lowered_with_a_warning():
    given = translation(5)
    assert output_limit(6, given, param="max_tokens") == 5
    assert [(it.outcome, it.param) for it in given.warnings] == [("emulated", "max_tokens")]


def test_more_is_refused_in_strict_translation():
    with pytest.raises(InvalidRequestError) as caught:
        output_limit(6, translation(5, strict=True), param="max_tokens")
    assert caught.value.details.param == "max_tokens"
