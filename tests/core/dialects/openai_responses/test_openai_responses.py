from lunaroute_core.dialects.openai_responses import OPENAI_RESPONSES
from lunaroute_core.dialects.openai_responses.name import DIALECT, VENDOR


def test_the_dialect_is_put_together():
    assert OPENAI_RESPONSES.name == DIALECT
    assert OPENAI_RESPONSES.vendor.name == VENDOR
    assert OPENAI_RESPONSES.paths == ("/v1/responses", "/responses")
    assert OPENAI_RESPONSES.token_count is None
    assert OPENAI_RESPONSES.requests.peek(b'{"model": "m"}').model == "m"
