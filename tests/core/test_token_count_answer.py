import attrs
import pytest

from lunaroute_core import InvalidRequestError, Operation
from lunaroute_core.testing import chat_request, wire_request
from lunaroute_core.token_count_answer import ESTIMATED, estimated_count
from lunaroute_core.token_estimate import estimate_tokens

QUESTION = b'{"model": "m", "messages": [{"role": "user", "content": "How are you?"}]}'


def asked(body=QUESTION):
    request = wire_request(body, dialect="anthropic_messages")
    return attrs.evolve(request, operation=Operation.COUNT_TOKENS)


def test_it_is_written_as_the_client_s_vendor_writes_a_count_and_says_what_it_is():
    request = asked()
    answer = estimated_count(request, provider="p")
    wire = answer.wire_for(request)
    assert wire.body == b'{"input_tokens":%d}' % estimate_tokens(request.normalized)
    assert (b"content-type", b"application/json") in wire.headers
    assert ESTIMATED in wire.headers
    assert (answer.provider, answer.model) == ("p", "m")


def test_a_dialect_without_such_answers_gets_none():
    assert estimated_count(chat_request(), provider="p") is None


def test_a_body_that_cannot_be_understood_is_refused_with_its_field():
    with pytest.raises(InvalidRequestError) as caught:
        estimated_count(asked(b'{"model": "m", "messages": 3}'), provider="p")
    assert caught.value.details.param == "messages"
