import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.json_places import (
    Place,
    body_members,
    elements_at,
    fields_at,
    inside,
    read_body,
    replaced,
    text_at,
    unescaped,
)
from lunaroute_core.errors import InvalidRequestError

SPACE = st.text(" \t\r\n", max_size=2)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def written(value, draw):
    """A value's JSON, spaced anyhow."""
    space = lambda: draw(SPACE)  # noqa: E731
    match value:
        case dict():
            members = [
                f"{space()}{written(key, draw)}{space()}:{space()}{written(it, draw)}{space()}"
                for key, it in value.items()
            ]
            return "{" + ",".join(members or [space()]) + "}"
        case list():
            elements = [space() + written(it, draw) + space() for it in value]
            return "[" + ",".join(elements or [space()]) + "]"
        case _:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))


def read_at(body, place):
    """The value at a place, put together from the places of what is in it."""
    if body[place.start : place.start + 1] == b"{":
        return {key: read_at(body, it) for key, it in fields_at(body, place).items()}
    if body[place.start : place.start + 1] == b"[":
        return [read_at(body, it) for it in elements_at(body, place)]
    return json.loads(body[place.start : place.end])


@given(value=st.dictionaries(st.text(max_size=4), VALUES), data=st.data())
def test_every_value_is_where_it_says_however_the_body_is_spaced(value, data):
    text = data.draw(SPACE) + written(value, data.draw) + data.draw(SPACE)
    body = text.encode("utf-8", "surrogatepass")
    assert {key: read_at(body, it) for key, it in read_body(body).items()} == value


def test_of_a_repeated_key_the_last_value_counts_as_readers_have_it():
    body = b'{"a":1,"\\u0061":[2],"a":"3"}'
    assert text_at(body, read_body(body)["a"]) == "3"
    assert [body[place.start : place.end] for _, place in body_members(body)] == [
        b"1",
        b"[2]",
        b'"3"',
    ]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a":"x\\ud83d","b":{"\\ud83d":1},"c":"d"}', "x\ud83d"),
        (b'{"\xff":1,"a":"x\xff","c":"d"}', "x\ufffd"),
    ],
)
def test_half_a_surrogate_pair_and_bytes_that_are_no_text_are_read_around(body, text):
    fields = read_body(body)
    assert text_at(body, fields["a"]) == text
    assert text_at(body, fields["c"]) == "d"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"a"',
        b"{",
        b'{"a":1}}',
        b'{"a" 1}',
        b'{"a":1,}',
        b"{a:1}",
        b"nul",
        b'{"\\ud83d":1}',
    ],
)
def test_what_is_no_object_is_refused(body):
    with pytest.raises(InvalidRequestError):
        read_body(body)


def test_other_values_have_no_fields_no_elements_and_no_inside():
    body = b'{"n":1,"o":{},"a":[],"s":""}'
    fields = read_body(body)
    assert [fields_at(body, it) for it in (fields["n"], fields["a"], fields["s"], None)] == [{}] * 4
    assert [*elements_at(body, fields["o"]), *elements_at(body, None)] == []
    assert inside(body, fields["n"]) is None
    assert text_at(body, fields["n"]) is None
    assert inside(body, fields["s"]) == Place(fields["s"].start + 1, fields["s"].start + 1)


@given(st.text(max_size=20))
def test_what_stands_between_quotes_is_read(text):
    assert unescaped(json.dumps(text)[1:-1].encode()) == text


def test_places_are_replaced_and_the_rest_stays():
    assert replaced(b"abcdef", [(Place(1, 3), b"X"), (Place(4, 4), b"YZ")]) == b"aXdYZef"
    assert replaced(b"abc", []) == b"abc"


def test_it_takes_time_in_proportion_to_the_body():
    def seconds(size):
        body = b'{"a":[%b{"x":"%b"}],"b":"%b"}' % (b"[{}]," * size, b"\\n" * size, b"[" * size)
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            read_body(body)
            best = min(best, time.perf_counter() - started)
        return best

    assert seconds(80_000) < 4 * 4 * seconds(20_000)
