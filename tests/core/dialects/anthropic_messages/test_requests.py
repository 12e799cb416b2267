import pytest

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.dialects.codec import BodyEdits, Peek
from lunaroute_core.errors import InvalidRequestError

REQUESTS = ANTHROPIC_MESSAGES.requests


@pytest.mark.parametrize(
    ("body", "stream"),
    [
        (b'{"model":"m","stream":true,"messages":[{"role":"x","content":[{}]}]}', True),
        (b'{"messages":0,"stream":false,"model":"m"}', False),
        (b'{"model":"m","stream":null}', False),
        (b' {"model" : "m"} ', False),
    ],
)
def test_a_peek_reads_model_and_stream_and_skips_all_else(body, stream):
    assert REQUESTS.peek(body) == Peek(model="m", stream=stream)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"[]", None),
        (b'{"model":"m"', None),
        (b"{}", None),
        (b'{"model":null}', "model"),
        (b'{"model":""}', "model"),
        (b'{"model":"' + b"m" * 257 + b'"}', "model"),
        (b'{"model":"m","stream":1}', "stream"),
    ],
)
def test_a_peek_refuses_a_body_without_a_usable_model(body, param):
    with pytest.raises(InvalidRequestError) as caught:
        REQUESTS.peek(body)
    assert caught.value.details.param == param


def test_a_model_of_256_bytes_is_not_too_long():
    assert REQUESTS.peek(b'{"model":"' + b"m" * 256 + b'"}').model == "m" * 256


def test_replacing_the_model_changes_no_other_byte():
    body = (
        b'{"messages": [{"role":"user","content":"\\"model\\":\\"a\\""}],  "model" : "a" ,"x":1.0}'
    )
    assert REQUESTS.replace_model(body, "b") == body.replace(b': "a"', b': "b"')


def test_edits_are_applied():
    edits = BodyEdits(defaults={"max_tokens": 5})
    assert REQUESTS.edit(b'{"model":"m"}', edits) == b'{"model":"m","max_tokens":5}'
