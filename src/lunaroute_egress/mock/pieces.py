"""Cuts text into the pieces a simulated model writes, each counted as one token.

The scale is that of `lunaroute_core.token_estimate`: four ASCII characters, or one
Chinese one, make a token.
"""

from lunaroute_core.token_estimate import estimate_text_tokens

_ASCII_PIECE = 4


def pieces(text: str) -> list[str]:
    """The text in order, in pieces of one estimated token; none for an empty text."""
    if text.isascii():
        starts = range(0, len(text), _ASCII_PIECE)
        return [text[start : start + _ASCII_PIECE] for start in starts]
    cut: list[str] = []
    piece = ""
    for character in text:
        if piece and estimate_text_tokens(piece + character) > 1:
            cut.append(piece)
            piece = ""
        piece += character
    return [*cut, piece]
