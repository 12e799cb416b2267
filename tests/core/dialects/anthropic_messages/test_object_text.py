import json
import time
import tracemalloc

import jiter
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages.object_text import (
    RAW_ARGUMENTS,
    ObjectText,
    object_text,
)

characters = st.characters(exclude_categories=["Cs"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(characters),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(characters), inner),
    max_leaves=8,
)
objects = st.dictionaries(st.text(characters), values, max_size=4)
almost = st.text(st.sampled_from('{}[]":,\\ trueflsn-01.eu\nd8c'), max_size=24)
cuts = st.lists(st.integers(0, 60))


def written(raw, places=()):
    text = ObjectText()
    at = sorted({min(place, len(raw)) for place in places})
    pieces = [raw[a:b] for a, b in zip([0, *at], [*at, len(raw)], strict=True)]
    return "".join(map(text.feed, pieces)) + text.end(raw)


@given(value=objects, places=cuts, indent=st.sampled_from([None, 2]), ascii_only=st.booleans())
def test_an_object_stays_what_it_is(value, places, indent, ascii_only):
    """Wherever it is cut, the client reads the same value."""
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert written(raw, places) == raw


@given(value=objects, end=st.integers(1, 80), places=cuts)
def test_an_object_cut_short_shows_what_there_was(value, end, places):
    """A client that would take the beginning for the whole could act on it."""
    whole = json.dumps(value)
    read = json.loads(written(whole[:end], places))
    if end < len(whole):
        assert read.pop(RAW_ARGUMENTS) == whole[:end]
        assert set(read) - {""} <= {key[: len(name)] for name in read for key in value}


@given(raw=almost | st.text(characters), places=cuts)
@example(raw='{"a":1}{"b":2}', places=[])
@example(raw='{"a":1,"b', places=[])
@example(raw='{"a":1,]', places=[])
@example(raw='{"a":[1,}', places=[])
@example(raw='{"a":{"b":1,}}', places=[])
@example(raw='{"a\n":1}', places=[])
@example(raw='{"a" 1}', places=[])
@example(raw='{"a":"\\ud83d"}', places=[])
def test_whatever_a_model_writes_the_sdk_can_read(raw, places):
    """Pieces and the whole come to the same; what is no object is shown as it is."""
    out = written(raw, places)
    assert out == written(raw)
    value = jiter.from_json(out.encode() or b"{}", partial_mode=True)
    assert isinstance(value, dict)
    assert json.loads(object_text(raw)) == value
    if raw.strip(" \t\n\r") and not is_object(raw):
        assert value[RAW_ARGUMENTS] == raw


def is_object(raw):
    try:
        return isinstance(jiter.from_json(raw.encode()), dict)
    except ValueError:
        return False


@given(raw=almost, places=cuts)
def test_every_beginning_can_be_read(raw, places):
    """The SDK parses after each piece."""
    text, seen = ObjectText(), ""
    for piece in [*(raw[at : at + 1] for at in range(len(raw)))]:
        seen += text.feed(piece)
        if seen:
            jiter.from_json(seen.encode(), partial_mode=True)


def test_what_is_known_is_not_held_back():
    """A tool's input streams as it is written."""
    text = ObjectText()
    pieces = ['{"pa', 'th": "a/', "b", '", "n": 1', "2, ", '"ok": tr', "ue}", " "]
    shown = [text.feed(piece) for piece in pieces]
    assert shown == ['{"pa', 'th": "a/', "b", '", "n": ', "12, ", '"ok": ', "true", ""]
    assert text.end("".join(pieces)) == "}"


@pytest.mark.parametrize("nested", ['{"a":' * 101, '{"a":' + "[" * 100])
def test_nesting_has_a_limit(nested):
    """The SDK's parser has one too."""
    assert json.loads(written(nested)) == json.loads(written(nested)) | {RAW_ARGUMENTS: nested}


@pytest.mark.parametrize("piece", ["9", " ", "x", "\\", '{"a":'])
def test_time_grows_with_the_length(piece):
    """However many pieces there are."""

    def seconds(count):
        text, begun = ObjectText(), time.process_time()
        text.feed('{"a":"' if piece == "x" else '{"a":')
        for _ in range(count):
            text.feed(piece)
        return time.process_time() - begun

    seconds(1000)
    assert seconds(40_000) < 40 * max(seconds(4_000), 0.002)


@pytest.mark.parametrize("piece", ["x", r"\n"])
def test_a_long_text_takes_little_memory(piece):
    text = '{"a":"' + piece * 200_000
    tracemalloc.start()
    try:
        assert ObjectText().feed(text) == text
        assert tracemalloc.get_traced_memory()[1] < 4 * len(text)
    finally:
        tracemalloc.stop()
