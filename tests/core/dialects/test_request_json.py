import re

import msgspec
import pytest

from lunaroute_core import ErrorKind, InvalidRequestError
from lunaroute_core.dialects.request_json import (
    check_bytes,
    check_range,
    check_tool_schema,
    missing_field,
    read_peek,
    read_request,
)


class Message(msgspec.Struct):
    role: str


class Body(msgspec.Struct):
    model: str
    messages: list[Message] = []
    counts: dict[str, int] = {}


DECODER = msgspec.json.Decoder(Body)


def test_a_good_body_is_read():
    assert read_request(DECODER, b'{"model":"m"}') == Body(model="m")


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        (b'{"model":5}', "model", "model: Expected `str`, got `int`"),
        (b"{}", None, "Object missing required field `model`"),
        (b"[]", None, "Expected `object`, got `array`"),
        (
            b'{"model":"m","messages":[{"role":"a"},{"role":null}]}',
            "messages[1].role",
            "messages[1].role: Expected `str`, got `null`",
        ),
        (
            b'{"model":"m","messages":[{}]}',
            "messages[0]",
            "messages[0]: Object missing required field `role`",
        ),
        (b'{"model":"m","counts":{"a":"b"}}', "counts[...]", None),
    ],
)
def test_an_error_names_the_field(body, param, message):
    with pytest.raises(InvalidRequestError) as error:
        read_request(DECODER, body)
    assert error.value.details.kind is ErrorKind.INVALID_REQUEST
    assert error.value.details.param == param
    if message is not None:
        assert error.value.details.message == message


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"3", "tools[1].input"),
        (b'{"model":5}', "tools[1].input.model"),
        (b'{"model":"m","messages":[3]}', "tools[1].input.messages[0]"),
    ],
)
def test_an_error_in_a_part_of_a_body_names_the_whole_path(body, param):
    with pytest.raises(InvalidRequestError, match=rf"^{re.escape(param)}: Expected") as error:
        read_request(DECODER, msgspec.Raw(body), path="tools[1].input")
    assert error.value.details.param == param


def test_a_missing_field_is_named():
    details = missing_field("messages[0].role").details
    assert (details.param, details.message) == ("messages[0].role", "messages[0].role: is required")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nonsense", b"\xff", b'{"model":"\xff"}', b'{"model":"m"} x', b"\x00"]
)
def test_what_is_no_json_is_called_so(body):
    with pytest.raises(InvalidRequestError, match="the request body is not valid JSON"):
        read_request(DECODER, body)


@pytest.mark.parametrize("decoder", [DECODER, msgspec.json.Decoder()], ids=["typed", "any"])
def test_nesting_without_end_is_refused(decoder):
    body = b'{"model":"m","deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        read_request(decoder, body)


@pytest.mark.parametrize("value", [None, 0, 1, 0.5])
def test_a_number_in_range_passes(value):
    check_range(value, 0, 1, param="top_p")


@pytest.mark.parametrize("value", [-0.1, 1.1, float("inf"), float("nan")])
def test_a_number_out_of_range_is_named(value):
    with pytest.raises(
        InvalidRequestError, match=r"^top_p: must be between 0 and 1, got "
    ) as error:
        check_range(value, 0, 1, param="top_p")
    assert error.value.details.param == "top_p"


@pytest.mark.parametrize(
    ("text", "limit"), [("ż" * 50, 100), ("a" * 100, 100), ("a" * 1000, None), ("", 0)]
)
def test_a_text_within_its_limit_passes(text, limit):
    check_bytes(text, limit, param="x")


@pytest.mark.parametrize("text", ["a" * 101, "ż" * 51, "🦊" * 26])
def test_a_text_past_its_limit_is_named(text):
    with pytest.raises(InvalidRequestError, match=r"^x: is longer than 100 bytes$") as error:
        check_bytes(text, 100, param="x")
    assert error.value.details.param == "x"


@pytest.mark.parametrize(
    "schema",
    [{}, {"type": "object"}, {"$ref": "#/x"}, {"anyOf": []}, {"properties": {}}],
)
def test_a_tool_schema_is_handed_back(schema):
    assert check_tool_schema(schema, param="tools[0].parameters") is schema


@pytest.mark.parametrize("schema", [None, "object", [], 5])
def test_a_tool_schema_must_be_an_object(schema):
    with pytest.raises(InvalidRequestError, match="must be a JSON Schema object") as error:
        check_tool_schema(schema, param="tools[0].parameters")
    assert error.value.details.param == "tools[0].parameters"


class _Peeked(msgspec.Struct):
    model: str


def test_half_a_surrogate_pair_does_not_keep_the_vendor_from_seeing_a_request():
    """JavaScript clients send them when they cut text between its halves."""
    body = b'{"model": "m", "messages": [{"role": "user", "content": "\\ud83d"}]}'
    assert read_peek(msgspec.json.Decoder(_Peeked), body).model == "m"


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "m", "a": "\\ud83d"',
        b'{"model": 5, "a": "\\ud83d"}',
        b'{"model": "m", "\\ud83d": 1}',
    ],
)
def test_what_is_wrong_besides_is_still_an_error(body):
    with pytest.raises(InvalidRequestError):
        read_peek(msgspec.json.Decoder(_Peeked), body)
