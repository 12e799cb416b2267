import pytest

from lunaroute_core import InvalidRequestError
from lunaroute_core.answer_stages import StopMatcher
from lunaroute_core.dialects.stop_emulation import emulate_stop
from lunaroute_core.translation import Translation


@pytest.mark.parametrize("sequences", [["x"], ["x"] * 64, ["x" * 4096]])
def test_the_gateway_looks_for_them_without_a_warning(sequences):
    """Nobody can tell the difference, so strict translation takes it too."""
    translation = Translation(strict=True)
    emulate_stop(sequences, translation, param="stop")
    assert translation.stages == [StopMatcher(sequences)]
    assert translation.warnings == []


@pytest.mark.parametrize("sequences", [["x"] * 65, ["x" * 2048, "y" * 2049]])
def test_what_would_make_every_piece_slow_is_refused(sequences):
    """A client's ten megabytes of sequences would be looked for in each piece of its answer."""
    with pytest.raises(InvalidRequestError) as caught:
        emulate_stop(sequences, Translation(), param="stop_sequences")
    assert caught.value.details.param == "stop_sequences"
