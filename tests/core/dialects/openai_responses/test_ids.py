import pytest

from lunaroute_core.dialects.openai_responses.ids import item_id, response_id


@pytest.mark.parametrize("own", ["resp_1", "gen-7", "mock"])
def test_an_id_of_this_dialect_is_kept(own):
    assert response_id(own) == own


@pytest.mark.parametrize("foreign", ["chatcmpl-1", "msg_1", ""])
def test_an_id_of_another_dialect_is_translated_and_always_the_same(foreign):
    translated = response_id(foreign)
    assert translated.startswith("resp_")
    assert translated == response_id(foreign)
    assert len(translated) <= 64


def test_items_of_one_answer_have_different_ids():
    assert item_id("fc", "a", 0) != item_id("fc", "a", 1)
    assert item_id("fc", "a", 0) != item_id("fc", "b", 0)
    assert item_id("fc", "a", 0).startswith("fc_")
