from anthropic.types import MessageTokensCount

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES


def test_a_count_is_what_the_sdk_reads():
    count = ANTHROPIC_MESSAGES.token_count
    assert count.path == "/v1/messages/count_tokens"
    assert MessageTokensCount.model_validate_json(count.encode(42)).input_tokens == 42
