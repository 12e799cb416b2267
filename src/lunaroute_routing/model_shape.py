"""The shapes of model names: exact, with a beginning, or by a regular expression.

The first two can be looked up; expressions that are no more than that are recognized as such.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

import re2
from attrs import define, field, frozen

from lunaroute_routing.patterns import PatternSet, check_pattern

_LITERAL_PATTERN = re.compile(
    r"\^(?P<literal>(?:[A-Za-z0-9_/:@-]|\\[!-/:-@\[-`{-~])*)(?P<end>\.\*|\$|)"
)
"""A pattern that is a beginning (`^gpt-`, `^gpt-.*`) or a whole name (`^gpt-5$`)."""
_ESCAPED = re.compile(r"\\(.)")
_WILDCARDS = frozenset("*?[")


@frozen
class Exact:
    """Whole names."""

    names: tuple[str, ...]

    def has(self, model: str) -> bool:
        return model in self.names


@frozen
class Prefix:
    """How a name begins."""

    text: str

    def has(self, model: str) -> bool:
        return model.startswith(self.text)


@define(eq=False)
class Expression:
    """A regular expression in a name.

    Raises:
        ValueError: RE2 does not have it.
    """

    pattern: str
    _found: PatternSet = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._found = PatternSet.of([self.pattern])

    def has(self, model: str) -> bool:
        return bool(self._found.found_in(model))


ModelShape: TypeAlias = Exact | Prefix | Expression


def shape_of_pattern(pattern: str) -> ModelShape:
    """
    Raises:
        ValueError: RE2 does not have such a pattern.
    """
    check_pattern(pattern)
    literal = _LITERAL_PATTERN.fullmatch(pattern)
    if literal is None:
        return Expression(pattern)
    text = _ESCAPED.sub(r"\1", literal["literal"])
    return Exact((text,)) if literal["end"] == "$" else Prefix(text)


def shape_of_glob(glob: str) -> ModelShape:
    """Of a whole name: `*` is any text, `?` any character, `[a-c]` one of several, `[!a-c]` none.

    Raises:
        ValueError: a `[` is not closed, or a range is no range.
    """
    if _WILDCARDS.isdisjoint(glob):
        return Exact((glob,))
    if glob.endswith("*") and _WILDCARDS.isdisjoint(glob[:-1]):
        return Prefix(glob[:-1])
    return Expression(f"(?s)^{''.join(_pieces(glob))}$")


def _pieces(glob: str) -> Iterator[str]:
    """The glob as a regular expression, piece by piece."""
    place = 0
    while place < len(glob):
        char = glob[place]
        place += 1
        if char == "[":
            # What stands first is one of the characters, even if it is a `]`.
            negated = glob[place : place + 1] == "!"
            end = glob.find("]", place + negated + 1)
            if end < 0:
                raise ValueError("a [ is not closed")
            yield _class(glob[place + negated : end], negated=negated)
            place = end + 1
        else:
            yield {"*": ".*", "?": "."}.get(char) or re2.escape(char)


def _class(chars: str, *, negated: bool) -> str:
    inside = "".join(char if char == "-" else re2.escape(char) for char in chars)
    return f"[{'^' if negated else ''}{inside}]"
