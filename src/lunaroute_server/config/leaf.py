"""One value, checked against its field's annotation."""

import math
import re
from typing import Any

import msgspec

from lunaroute_core.json_value import JSONValue
from lunaroute_server.config.annotations import alternatives, choices

_PLACE = re.compile(r" - at `\$.*`$")
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_SYNONYMS = {"warn": "warning", "trace": "debug"}
"""The original's words for what has another name here."""


def checked(value: JSONValue, annotation: Any) -> JSONValue:
    """The value if it fits, words in this package's spelling.

    Raises:
        ValueError: it does not fit. The message says what does, without the value itself.
    """
    words = choices(annotation)
    if words and isinstance(value, str):
        value = _word(value, words)
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        raise ValueError(_PLACE.sub("", str(error))) from error
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("Expected a finite number")
    return value


def checked_text(text: str, annotation: Any) -> JSONValue:
    """What a text stands for, as in an environment variable: the number, the boolean, itself.

    Raises:
        ValueError: it does not fit.
    """
    kinds = alternatives(annotation)
    if str in kinds or choices(annotation):
        return checked(text, annotation)
    if bool in kinds:
        return _boolean(text)
    try:
        value = msgspec.convert(text, annotation, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(_PLACE.sub("", str(error))) from error
    return checked(value, annotation)


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(f"Expected one of {', '.join(_BOOLEANS)}") from None


def _word(value: str, words: tuple[str, ...]) -> str:
    word = value.lower()
    word = word if word in words else _SYNONYMS.get(word, word)
    if word not in words:
        raise ValueError(f'Expected one of {", ".join(words)}, got "{value}"')
    return word
