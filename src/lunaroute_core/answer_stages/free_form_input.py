"""The text of a free-form tool's call that was made through a function of one text.

Tools that take free text are offered to models that know only functions as `{"input": text}`.
"""

import json
import re
from typing import Literal

from attrs import define, field

from lunaroute_core.json_value import JSONValue

_OPENING = re.compile(r'\s*\{\s*"input"\s*:\s*"')
_BEGINNING = re.compile(r'\s*(?:\{\s*(?:"i?|"in|"inp|"inpu|"input|"input"\s*:?\s*)?)?')
"""What may still become the opening."""
_MAX_OPENING = 256
"""Characters; what is longer, with all its white space, is none."""
_WHOLE = re.compile(
    r'(?:[^"\\]++'
    r"|\\[^u]"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\u[0-9a-fA-F]{4}|(?=[^\\]|\\[^u]))"
    r"|\\u(?![dD][89abAB])[0-9a-fA-F]{4})*+"
)
"""Characters and escapes that are whole; half of a surrogate pair waits for the other half.

Possessive, since the places to go back to would take a hundred times the text's memory.
"""
_ESCAPE_BEGUN = re.compile(
    r"\\(?:u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?"
)
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})?')
"""An escape of JSON, or a backslash that begins none."""


def free_form_input(raw_arguments: str) -> str:
    """The text in a function's arguments; arguments of any other shape are the text themselves."""
    reader = FreeFormInput()
    return reader.feed(raw_arguments) + reader.end()


@define
class FreeFormInput:
    """Reads the text while the arguments are still being written.

    A model that begins with anything but `{"input": "` is heard out first.
    """

    _state: Literal["opening", "text", "closed", "other"] = field(default="opening", init=False)
    _held: str = field(default="", init=False)
    _other: list[str] = field(factory=list[str], init=False)

    def feed(self, fragment: str) -> str:
        """The text that has become known."""
        match self._state:
            case "opening":
                self._held += fragment
                return self._read() if self._open() else ""
            case "text":
                self._held += fragment
                return self._read()
            case "other":
                self._other.append(fragment)
                return ""
            case "closed":
                return ""

    def end(self) -> str:
        """The text that could only be known at the end."""
        if self._state == "opening":
            self._other.append(self._held)
        if self._state in ("opening", "other"):
            return _other_input("".join(self._other))
        return ""

    def _open(self) -> bool:
        if opening := _OPENING.match(self._held):
            self._state, self._held = "text", self._held[opening.end() :]
        elif len(self._held) > _MAX_OPENING or not _BEGINNING.fullmatch(self._held):
            self._state = "other"
            self._other.append(self._held)
        return self._state == "text"

    def _read(self) -> str:
        pieces: list[str] = []
        held, at = self._held, 0
        while True:
            whole = _WHOLE.match(held, at)
            end = whole.end() if whole is not None else at
            pieces.append(_unescaped(held[at:end]))
            if end == len(held) or held[end] == '"' or _ESCAPE_BEGUN.fullmatch(held, end):
                break
            # An escape that JSON does not have: the model means the characters.
            pieces.append(held[end])
            at = end + 1
        self._held = held[end:]
        if self._held.startswith('"'):
            self._state = "closed"
        return "".join(pieces)


def _unescaped(text: str) -> str:
    """The characters that a JSON string stands for; escapes unknown to JSON stay as they are."""
    try:
        value: str = json.loads(f'"{text}"', strict=False)
    except ValueError:
        value = json.loads(f'"{_ESCAPE.sub(_known, text)}"', strict=False)
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _known(escape: re.Match[str]) -> str:
    return escape[0] if len(escape[0]) > 1 else r"\\"


def _other_input(raw: str) -> str:
    """The text in whole arguments that did not begin with it."""
    try:
        value: JSONValue = json.loads(raw, strict=False)
    except (ValueError, RecursionError):
        return raw
    text = value.get("input", "" if not value else raw) if isinstance(value, dict) else raw
    return text if isinstance(text, str) else raw
