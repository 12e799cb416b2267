"""Regular expressions whose search takes time in proportion to the text, whatever they are.

They are RE2's: clients choose the texts, and no text can make them slow. What RE2 does not have
is what no engine can do in linear time. Source: https://github.com/google/re2/wiki/Syntax.
"""

from collections.abc import Sequence

import re2
from attrs import frozen

PATTERN_MEMORY = 1 << 20
"""Bytes that one pattern may take; larger ones are refused."""
SET_MEMORY = 8 << 20
"""Bytes for a set of patterns with its automaton, which grows as texts are searched."""

_NOT_REGULAR = {
    "(?=": "a lookahead",
    "(?!": "a lookahead",
    "(?<=": "a lookbehind",
    "(?<!": "a lookbehind",
    "(?>": "an atomic group",
    "(?P": "a back-reference",
    "(?(": "a conditional",
    "\\k": "a back-reference",
    "++": "a possessive quantifier",
    "*+": "a possessive quantifier",
    "?+": "a possessive quantifier",
    **{f"\\{digit}": "a back-reference" for digit in range(1, 10)},
}


def check_pattern(pattern: str) -> None:
    """
    Raises:
        ValueError: RE2 does not have such a pattern, or it is too large.
    """
    try:
        re2.compile(pattern, _options(PATTERN_MEMORY))
    except re2.error as error:
        raise ValueError(_reason(error.args[0].decode())) from error
    except UnicodeEncodeError as error:
        raise ValueError("it holds half a character (a lone surrogate)") from error


@frozen(eq=False)
class PatternSet:
    """Several patterns, looked for in one pass over a text.

    Very large ones do not fit into one automaton, and take as many passes as it needs.
    """

    _parts: Sequence[tuple[int, re2.Set]]
    """Automata, each with the number of its first pattern."""

    @classmethod
    def of(cls, patterns: Sequence[str]) -> "PatternSet":
        """
        Raises:
            ValueError: as of `check_pattern`.
        """
        for pattern in patterns:
            check_pattern(pattern)
        return cls(_compiled(patterns, first=0))

    def found_in(self, text: str) -> list[int]:
        """The numbers of the patterns that are found anywhere in a text, from 0, in no order."""
        raw = text.encode("utf-8", "surrogatepass")
        return [first + number for first, part in self._parts for number in part.Match(raw) or ()]


def _compiled(patterns: Sequence[str], *, first: int) -> list[tuple[int, re2.Set]]:
    if not patterns:
        return []
    automaton = re2.Set.SearchSet(_options(SET_MEMORY))
    for pattern in patterns:
        automaton.Add(pattern)
    try:
        automaton.Compile()
    except re2.error as error:
        if len(patterns) == 1:
            raise ValueError("the pattern is too large") from error
        half = len(patterns) // 2
        rest = _compiled(patterns[half:], first=first + half)
        return [*_compiled(patterns[:half], first=first), *rest]
    return [(first, automaton)]


def _options(memory: int) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    options.never_capture = True
    return options


def _reason(message: str) -> str:
    _, _, fragment = message.partition(": ")
    what = _NOT_REGULAR.get(fragment)
    if what is None:
        return message
    return f'"{fragment}" is {what}: RE2, which takes linear time for every text, has none'
