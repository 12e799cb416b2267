"""Pieces: nothing is lost, and each counts as one estimated token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.token_estimate import estimate_text_tokens
from lunaroute_egress.mock.pieces import pieces


@given(st.text())
def test_pieces_make_up_the_text(text):
    assert "".join(pieces(text)) == text


@given(st.text())
def test_no_piece_is_empty(text):
    assert all(pieces(text))


@pytest.mark.parametrize("text", ["", "Hello there, world", "你好世界", "日本 and Köln"])
def test_a_piece_is_one_token(text):
    cut = pieces(text)
    assert all(estimate_text_tokens(piece) == 1 for piece in cut)
    assert len(cut) >= estimate_text_tokens(text)
