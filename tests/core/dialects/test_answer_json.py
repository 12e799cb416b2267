import msgspec
import pytest

from lunaroute_core.dialects.answer_json import read_answer

ANSWER = msgspec.json.Decoder(dict[str, list[object]])


def test_an_answer_is_decoded():
    assert read_answer(ANSWER, b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b"[]", b'{"a": 1}', b'{"a": ["\xff"]}', b'{"a":' + b"[" * 100_000]
)
def test_whatever_is_wrong_is_a_value_error(data):
    with pytest.raises(ValueError):
        read_answer(ANSWER, data)
