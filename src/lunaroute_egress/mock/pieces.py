"""Cuts text into the pieces a simulated model writes, each counted as one token.

Four ASCII characters, or one Chinese one, make a token: an ASCII character counts as a quarter,
any other at a third for each byte of its UTF-8.
"""

_ASCII_PIECE = 4
_PIECE = 12
"""Twelfths of a token."""


def pieces(text: str) -> list[str]:
    """The text in order, in pieces of at most one token or one character; none for an empty text."""
    if text.isascii():
        starts = range(0, len(text), _ASCII_PIECE)
        return [text[start : start + _ASCII_PIECE] for start in starts]
    cut: list[str] = []
    piece, size = "", 0
    for character in text:
        more = _size(character)
        if piece and size + more > _PIECE:
            cut.append(piece)
            piece, size = "", 0
        piece += character
        size += more
    return [*cut, piece]


def _size(character: str) -> int:
    if character.isascii():
        return _PIECE // _ASCII_PIECE
    return 4 * len(character.encode("utf-8", "surrogatepass"))
