import pytest

from lunaroute_core.dialects.registry import DIALECTS, dialect_named


def test_the_three_dialects_are_there_under_their_names():
    assert list(DIALECTS) == ["openai_chat", "openai_responses", "anthropic_messages"]
    assert all(DIALECTS[name].name == name for name in DIALECTS)


def test_a_dialect_is_found_by_its_name():
    assert dialect_named("openai_chat") is DIALECTS["openai_chat"]


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError, match="acme_prompt"):
        dialect_named("acme_prompt")
