"""Pieces: nothing is lost, and none is longer than one token on the mock's scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_egress.mock.pieces import pieces


@given(st.text())
def test_pieces_make_up_the_text(text):
    assert "".join(pieces(text)) == text


@given(st.text())
def test_no_piece_is_empty(text):
    assert all(pieces(text))


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", []),
        ("Hello there", ["Hell", "o th", "ere"]),
        ("你好世界", ["你", "好", "世", "界"]),
        ("日本 and Köln", ["日", "本", " and", " K", "öl", "n"]),
        ("🙂🙂", ["🙂", "🙂"]),
    ],
)
def test_a_piece_is_four_ascii_characters_or_one_chinese_one(text, cut):
    assert pieces(text) == cut
