from lunaroute_core.dialects.openai_chat import OPENAI_CHAT
from lunaroute_core.dialects.openai_vendor import OPENAI
from lunaroute_core.dialects.registry import dialect_named


def test_the_dialect_is_registered_under_its_name():
    assert dialect_named("openai_chat") is OPENAI_CHAT


def test_it_is_openais_and_counts_no_tokens():
    assert OPENAI_CHAT.vendor is OPENAI
    assert OPENAI_CHAT.paths == ("/v1/chat/completions",)
    assert OPENAI_CHAT.token_count is None
