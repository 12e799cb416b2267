import json
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.answer_stages.free_form_input import FreeFormInput, free_form_input

texts = st.text(st.characters(exclude_categories=["Cs"]))


def read_in_pieces(arguments, cuts):
    reader = FreeFormInput()
    places = sorted({min(cut, len(arguments)) for cut in cuts})
    pieces = [arguments[a:b] for a, b in zip([0, *places], [*places, len(arguments)], strict=True)]
    return "".join(map(reader.feed, pieces)) + reader.end()


@given(text=texts, cuts=st.lists(st.integers(0, 80)), ascii_only=st.booleans())
def test_what_was_wrapped_is_unwrapped_however_it_is_cut(text, cuts, ascii_only):
    """The client's tool gets exactly the text that the model wrote."""
    wrapped = json.dumps({"input": text}, ensure_ascii=ascii_only)
    assert read_in_pieces(wrapped, cuts) == text


@given(
    arguments=st.text(st.sampled_from('{}":\\inputx \nud83de')), cuts=st.lists(st.integers(0, 40))
)
def test_pieces_give_what_the_whole_gives(arguments, cuts):
    """A streamed call and a whole one may not differ, whatever the model wrote."""
    whole = free_form_input(arguments)
    assert read_in_pieces(arguments, cuts) == whole
    whole.encode()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", ""),
        ("{}", ""),
        ("plain words", "plain words"),
        ('{"patch": "x"}', '{"patch": "x"}'),
        ('{"input": {"a": 1}}', '{"input": {"a": 1}}'),
        ('{"why": "so", "input": "x"}', "x"),
        ('[{"input": "x"}]', '[{"input": "x"}]'),
        ('{"input": "cut of', "cut of"),
        ('{"input": "a\nb"}', "a\nb"),
        ('{"input": "C:\\quiet\\path"}', "C:\\quiet\\path"),
        ('{"input": "C:\\q\\n"}', "C:\\q\n"),
        ('{"input": "\\uZZ"}', "\\uZZ"),
        ('{"input": "\\ud83d\\uZZ."}', "\\ud83d\\uZZ."),
        ('{"input": "cut off\\u00', "cut off"),
        ('{"input": "' + "\\uZZ" * 20_000 + '"}', "\\uZZ" * 20_000),
        (" " * 300 + '{"input": "x"}', "x"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_other_shapes(arguments, text):
    """What is no wrapped text is the text itself: nothing is lost, in pieces neither."""
    assert free_form_input(arguments) == text
    assert read_in_pieces(arguments, range(min(len(arguments), 500))) == text


def test_text_is_told_as_it_comes():
    """No more is held back than half an escape."""
    reader = FreeFormInput()
    said = [
        reader.feed(it) for it in ('{"inp', 'ut":"one', " two\\", "n", "\\ud83d", "\\ude00.", '"}')
    ]
    assert said == ["", "one", " two", "\n", "", "\N{GRINNING FACE}.", ""]
    assert re.match("$", reader.end())


def test_half_of_a_pair_of_surrogates_becomes_the_replacement_character():
    """A lone surrogate could be written to no wire."""
    assert free_form_input('{"input": "a\\ud83d b"}') == "a\N{REPLACEMENT CHARACTER} b"


@pytest.mark.parametrize("piece", ["x", r"\n"])
def test_a_long_text_takes_little_memory(piece):
    arguments = '{"input":"' + piece * 200_000 + '"}'
    tracemalloc.start()
    try:
        assert len(free_form_input(arguments)) == 200_000
        assert tracemalloc.get_traced_memory()[1] < 12 * len(arguments)
    finally:
        tracemalloc.stop()
