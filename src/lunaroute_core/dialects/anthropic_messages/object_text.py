"""The text of one JSON object, read while it is being written.

Anthropic's SDKs parse a call's input while it streams and fail on what cannot become an object;
other vendors pass on whatever the model writes.
"""

import re
from typing import Literal

import msgspec
from attrs import define, field

RAW_ARGUMENTS = "_raw_arguments"
"""Where arguments that are no object are shown to the client's tool, so that it can say what is
wrong with them."""

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(
    r'(?:[^"\\\x00-\x1f]++'
    r'|\\["\\/bfnrt]'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*+"
)
"""Possessive, since the places to go back to would take a hundred times the text's memory."""
_ESCAPE_BEGUN = re.compile(
    r"\\(?:u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?"
)
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SCALAR_TEXT = re.compile(r"[-+.0-9a-zA-Z]*")
_MAX_SCALAR = 400
_MAX_DEPTH = 100

_Place = Literal[
    "start", "first key", "key", "colon", "value", "first item", "item", "comma", "end"
]
_FILLERS: dict[_Place, str] = {"key": '"":null', "colon": ":null", "value": "null", "item": "null"}
"""What makes the text before a place complete."""


def object_text(raw: str) -> str:
    """The object that is made of a whole text; of nothing, an empty one."""
    text = ObjectText()
    return text.feed(raw) + text.end(raw) or "{}"


@define
class ObjectText:
    """Takes a text in pieces and gives it back as far as it is an object's beginning.

    The object's own closing brace is given last, so that until then there is room for what
    turns out to be no JSON.

    Attributes:
        failed: whether the text has ceased to be an object's beginning.
    """

    failed: bool = field(default=False, init=False)
    _place: _Place = field(default="start", init=False)
    _string: Literal["key", "value"] | None = field(default=None, init=False)
    """What the string is that the text is inside of."""
    _closers: list[str] = field(factory=list[str], init=False)
    _is_empty: bool = field(default=True, init=False)
    """Whether the object has no member yet."""
    _held: str = field(default="", init=False)

    def feed(self, fragment: str) -> str:
        """As much more of the text as is known to belong to an object."""
        text, at = self._held + fragment, 0
        while not self.failed and at < len(text):
            space = _SPACE.match(text, at) if self._string is None else None
            here = space.end() if space is not None else at
            read = self._read_string(text, here) if self._string else self._read_token(text, here)
            if read is None:
                at = here
                break
            at = read
        # White space alone is no beginning: the SDKs would take it for one.
        begun = text[:at] if self._place != "start" else ""
        self._held = "" if self.failed else text[at:] if self._place != "end" else "}"
        return begun

    def end(self, raw: str) -> str:
        """What completes the text: of an object the closing brace, and of anything else, be it
        only cut short, a last member that shows all of it.

        Args:
            raw: all that was fed.
        """
        if not self.failed and self._place == "end":
            return "}"
        if not self.failed and self._place == "start":
            return ""
        member = f'"{RAW_ARGUMENTS}":{msgspec.json.encode(raw).decode()}}}'
        if not self._closers:
            return "{" + member
        after_comma = self._place == "key" and len(self._closers) == 1 and self._string is None
        if self._is_empty or after_comma:
            return member
        return f"{self._closed()},{member}"

    def _closed(self) -> str:
        """What ends the member that the text is in."""
        match self._string:
            case "key":
                text = '":null'
            case "value":
                text = '"'
            case None:
                text = _FILLERS.get(self._place, "")
        return text + "".join(reversed(self._closers[1:]))

    def _read_string(self, text: str, at: int) -> int | None:
        whole = _STRING.match(text, at)
        end = whole.end() if whole is not None else at
        if end == len(text):
            return end
        if text[end] == '"':
            self._place = "colon" if self._string == "key" else "comma"
            self._string = None
            return end + 1
        self.failed = not _ESCAPE_BEGUN.fullmatch(text, end)
        return end if end > at else None

    def _read_token(self, text: str, at: int) -> int | None:  # noqa: PLR0911 - one for each place
        if at == len(text):
            return at
        character = text[at]
        match self._place:
            case "start":
                return self._open(character, at) if character == "{" else self._fail()
            case "first key" | "key" if character == '"':
                self._string = "key"
                self._is_empty = self._is_empty and len(self._closers) > 1
                return at + 1
            case "colon" if character == ":":
                self._place = "value"
                return at + 1
            case "comma" if character == ",":
                self._place = "key" if self._closers[-1] == "}" else "item"
                return at + 1
            case "first key" | "first item" | "comma" | "end" if character == self._closers[-1]:
                return self._close(text, at)
            case "value" | "first item" | "item":
                return self._read_value(text, at)
            case _:
                return self._fail()

    def _read_value(self, text: str, at: int) -> int | None:
        if text[at] in "{[":
            return self._open(text[at], at)
        if text[at] == '"':
            self._string = "value"
            return at + 1
        scalar = _SCALAR_TEXT.match(text, at)
        end = scalar.end() if scalar is not None else at
        if end == len(text) and end - at < _MAX_SCALAR:
            return None  # it may go on
        if not _SCALAR.fullmatch(text, at, end):
            return self._fail()
        self._place = "comma"
        return end

    def _open(self, character: str, at: int) -> int | None:
        if len(self._closers) == _MAX_DEPTH:
            return self._fail()
        self._closers.append("}" if character == "{" else "]")
        self._place = "first key" if character == "{" else "first item"
        return at + 1

    def _close(self, text: str, at: int) -> int | None:
        if len(self._closers) > 1:
            self._closers.pop()
            self._place = "comma"
            return at + 1
        self._place = "end"
        self.failed = _SPACE.fullmatch(text, at + 1) is None
        return None

    def _fail(self) -> None:
        self.failed = True
