import json
import time

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lunaroute_core.dialects.raw_json import merge_over, replace_top_level

SPACE = st.text(" \t\r\n", max_size=2)
KEYS = st.sampled_from(["model", "Model", '"model', 'model":', "a", "", "\\", "żółć"])


def spelled(text, draw):
    """A JSON string in one of its spellings."""
    out = []
    for char in text:
        plain = json.dumps(char, ensure_ascii=False)[1:-1]
        escaped = json.dumps(char, ensure_ascii=True)[1:-1]
        numeric = f"\\u{ord(char):04x}" if ord(char) < 0x10000 else escaped
        out.append(draw(st.sampled_from([plain, plain, plain, escaped, numeric, numeric.upper()])))
    return '"' + "".join(out).replace("\\U", "\\u") + '"'


@st.composite
def values(draw, depth=0):
    """The text of any JSON value, spaced and nested anyhow."""
    kinds = ["string", "string", "scalar"] + (["object", "array"] if depth < 4 else [])
    match draw(st.sampled_from(kinds)):
        case "string":
            fragments = st.one_of(
                st.text(max_size=8),
                st.sampled_from(['"model": "x"', '{"model":"x"}', "\\", '\\"', "]", "}", ":,"]),
            )
            return spelled(draw(fragments), draw)
        case "scalar":
            return draw(st.sampled_from(["null", "true", "-1.5e3", "0"]))
        case "array":
            return f"[{','.join(draw(st.lists(values(depth=depth + 1), max_size=3)))}]"
        case "object":
            return "{" + ",".join(draw(st.lists(members(depth=depth + 1), max_size=3))) + "}"


@st.composite
def members(draw, depth=0, key=None):
    key = draw(KEYS) if key is None else key
    spaces = [draw(SPACE) for _ in range(4)]
    value = draw(values(depth=depth))
    return f"{spaces[0]}{spelled(key, draw)}{spaces[1]}:{spaces[2]}{value}{spaces[3]}"


@st.composite
def bodies(draw):
    """A body, as the pieces between its `model` values."""
    others = members().filter(lambda member: json.loads("{" + member + "}").keys() != {"model"})
    pieces, piece = [], draw(SPACE) + "{"
    for number in range(draw(st.integers(1, 2))):
        if number:
            piece += ","
        for other in draw(st.lists(others, max_size=3)):
            piece += other + ","
        piece += f"{draw(SPACE)}{spelled('model', draw)}{draw(SPACE)}:{draw(SPACE)}"
        pieces.append(piece)
        piece = draw(SPACE)
    for other in draw(st.lists(others, max_size=3)):
        piece += "," + other
    return [*(p.encode() for p in pieces), (piece + "}" + draw(SPACE)).encode()]


@given(pieces=bodies(), old=st.text(max_size=10), new=st.text(max_size=10), data=st.data())
def test_only_the_top_level_value_changes_whatever_stands_around_it(pieces, old, new, data):
    before = spelled(old, data.draw).encode().join(pieces)
    after = msgspec.json.encode(new).join(pieces)
    assert replace_top_level(before, "model", new) == after


@given(st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(KEYS, inner)))
@example({"a": {"model": "nested"}})
def test_what_the_rest_says_is_the_same(rest):
    assume(isinstance(rest, dict))
    for ensure_ascii in (True, False):
        body = json.dumps({**rest, "model": "old"}, ensure_ascii=ensure_ascii).encode()
        assert json.loads(replace_top_level(body, "model", "new")) == {**rest, "model": "new"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"model":"a"}', b'{"model":"new"}'),
        (b'{ "x":{"model":"a"} , "model" :\n"a"}', b'{ "x":{"model":"a"} , "model" :\n"new"}'),
        (b'{"model":"a","model":"b"}', b'{"model":"new","model":"new"}'),
        (b'{"mod\\u0065l":"a","x":{"model":"b"}}', b'{"mod\\u0065l":"new","x":{"model":"b"}}'),
        (b'{"\\"model":"x","mod\\u0065l":"a"}', b'{"\\"model":"x","mod\\u0065l":"new"}'),
        (b'{"x":"\\"model\\":\\"a\\"","model":"a"}', b'{"x":"\\"model\\":\\"a\\"","model":"new"}'),
        (b'{"x":["model","model"],"model":"a"}', b'{"x":["model","model"],"model":"new"}'),
        (b'{"model":"a\\"b\\\\","y":1}', b'{"model":"new","y":1}'),
        (
            b'{"x":{"model":"b"},"\\ud800":1,"model":"a"}',
            b'{"x":{"model":"b"},"\\ud800":1,"model":"new"}',
        ),
    ],
)
def test_one_body_of_each_kind(before, after):
    assert replace_top_level(before, "model", "new") == after


def test_the_new_value_is_written_as_json():
    assert replace_top_level(b'{"model":"a"}', "model", 'q"\\ż') == (
        '{"model":"q\\"\\\\ż"}'.encode()
    )


@pytest.mark.parametrize("nested", [b"", b'"x":{"model":"b"},'], ids=["quick", "token by token"])
def test_it_takes_time_in_proportion_to_the_body(nested):
    def seconds(size):
        body = b'{%b"data":"%b","list":[%b1],"model":"a"}' % (nested, b"x" * size, b"1," * size)
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            replace_top_level(body, "model", "new")
            best = min(best, time.perf_counter() - started)
        return best

    assert seconds(400_000) < 4 * 4 * seconds(100_000)


def test_merging_goes_into_objects_and_replaces_everything_else():
    base = {"a": 1, "o": {"x": 1, "y": {"z": [1]}}, "l": [1, 2], "n": {"x": 1}}
    changes = {"a": None, "o": {"y": {"z": [3], "w": 4}}, "l": [9], "n": "text", "new": {}}
    assert merge_over(base, changes) == {
        "a": None,
        "o": {"x": 1, "y": {"z": [3], "w": 4}},
        "l": [9],
        "n": "text",
        "new": {},
    }


def test_merging_changes_neither_side():
    base, changes = {"o": {"x": 1}}, {"o": {"y": 2}}
    merge_over(base, changes)
    assert (base, changes) == ({"o": {"x": 1}}, {"o": {"y": 2}})
