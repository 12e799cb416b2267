from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.codec import BodyEdits, Peek
from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.errors import InvalidRequestError

REQUESTS = ChatRequests()
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def edited(sent, **edits):
    raw = REQUESTS.edit(msgspec.json.encode(sent), BodyEdits(**edits))
    return msgspec.json.decode(raw)


@pytest.mark.parametrize(
    ("fields", "stream"),
    [({}, False), ({"stream": False}, False), ({"stream": True}, True), ({"stream": None}, False)],
)
def test_peek_reads_model_and_stream(body, fields, stream):
    assert REQUESTS.peek(body(**fields)) == Peek("gpt-5.5", stream)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ...}, "model"),
        ({"model": ""}, "model"),
        ({"model": 5}, "model"),
        ({"model": None}, "model"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_peek_names_the_field_it_cannot_read(body, fields, param):
    with pytest.raises(InvalidRequestError) as caught:
        REQUESTS.peek(body(**fields))
    assert caught.value.details.param == param


@given(st.binary() | JSON.map(msgspec.json.encode))
def test_peek_refuses_other_bytes_and_raises_nothing_else(raw):
    with suppress(InvalidRequestError):
        assert REQUESTS.peek(raw).model


def test_peek_does_not_care_about_any_other_field(body):
    assert REQUESTS.peek(body(messages="nonsense", temperature=9)).model == "gpt-5.5"


def test_replacing_the_model_changes_no_other_byte():
    raw = b'{ "messages":[{"content":"\\"model\\": \\"x\\""}],\n "model" : "a" , "n":1.0}'
    assert REQUESTS.replace_model(raw, "b/\u00e9") == raw.replace(b'"a"', '"b/\u00e9"'.encode())


def test_defaults_give_way_to_what_was_sent_and_overrides_do_not():
    sent = {"model": "m", "temperature": 0.5, "stream_options": {"include_usage": False, "x": 1}}
    got = edited(
        sent,
        defaults={
            "temperature": 1,
            "top_p": 0.9,
            "stream_options": {"include_usage": True, "y": 2},
        },
        overrides={"model": "n", "stream_options": {"x": {"z": 3}}},
    )
    assert got == {
        "model": "n",
        "temperature": 0.5,
        "top_p": 0.9,
        "stream_options": {"include_usage": False, "x": {"z": 3}, "y": 2},
    }


def test_an_explicit_null_counts_as_sent():
    assert edited({"stop": None}, defaults={"stop": ["x"]}) == {"stop": None}


def test_an_object_meets_a_value_of_another_kind():
    assert edited({"a": 1}, defaults={"a": {"b": 2}}) == {"a": 1}
    assert edited({"a": 1}, overrides={"a": {"b": 2}}) == {"a": {"b": 2}}
    assert edited({"a": {"b": 1}}, overrides={"a": [2]}) == {"a": [2]}


@pytest.mark.parametrize("old", [[], [{"role": "user", "content": "hi"}]])
def test_prepended_messages_come_first_in_the_order_given(old):
    first = [{"role": "system", "content": "one"}, {"role": "user", "content": "two"}]
    assert edited({"messages": old}, prepend_messages=first) == {"messages": first + old}


@pytest.mark.parametrize("rest", [[], [{"role": "user", "content": "hi"}, {"role": "system"}]])
def test_what_is_no_instruction_stands_behind_those_that_come_first(rest):
    """Some servers' templates take system messages at the beginning only."""
    old = [{"role": "system", "content": "a"}, {"role": "developer", "content": "b"}]
    told, rule = {"role": "user", "content": "x"}, {"role": "system", "content": "y"}
    got = edited({"messages": [*old, *rest]}, prepend_messages=[told, rule])
    assert got == {"messages": [rule, *old, told, *rest]}


def test_messages_around_a_prepended_one_keep_their_bytes():
    old, rest = b'{"role": "system",  "n": 1.10e0}', b'{"role":"user", "content":"\\u00e9"} ]'
    edits = BodyEdits(prepend_messages=[{"role": "user"}])
    got = REQUESTS.edit(b'{"messages": [ %b, %b}' % (old, rest), edits)
    assert got == b'{"messages":[%b,{"role":"user"},%b}' % (old, rest)


def test_messages_are_prepended_to_what_an_override_left():
    got = edited(
        {"messages": [{"role": "user", "content": "old"}]},
        overrides={"messages": []},
        prepend_messages=[{"role": "user", "content": "new"}],
    )
    assert got == {"messages": [{"role": "user", "content": "new"}]}


def test_messages_can_be_prepended_to_none():
    assert edited({}, prepend_messages=[{"role": "user"}]) == {"messages": [{"role": "user"}]}


def test_messages_that_are_no_array_are_refused_where_some_must_go_before():
    with pytest.raises(InvalidRequestError) as caught:
        REQUESTS.edit(b'{"messages": {}}', BodyEdits(prepend_messages=[{"role": "user"}]))
    assert caught.value.details.param == "messages"


def test_fields_that_no_edit_names_keep_their_bytes():
    """Numbers and escapes as the client wrote them: prompt caches compare bytes."""
    history = b'[ {"role":"user", "content":"\\u00e9", "n": 1.10e0} ]'
    raw = b'{"model":"m","messages":' + history + b',"big":123456789012345678901234567890}'
    got = REQUESTS.edit(raw, BodyEdits(overrides={"temperature": 0}))
    assert history in got
    assert b"123456789012345678901234567890" in got
    got = REQUESTS.edit(raw, BodyEdits(prepend_messages=[{"role": "system"}]))
    assert b'[{"role":"system"},{"role":"user", "content":"\\u00e9", "n": 1.10e0} ]' in got


@given(JSON.map(msgspec.json.encode) | st.binary(), st.dictionaries(st.text(), JSON, max_size=3))
def test_an_edit_gives_a_json_object_or_refuses(raw, changes):
    edits = BodyEdits(defaults=changes, overrides=changes, prepend_messages=[{"role": "user"}])
    try:
        got = REQUESTS.edit(raw, edits)
    except InvalidRequestError:
        return
    assert isinstance(msgspec.json.decode(got), dict)


def test_decode_takes_headers_and_limits(body):
    request = REQUESTS.decode(body(), headers=((b"user-agent", b"x"),))
    assert request.model == "gpt-5.5"
