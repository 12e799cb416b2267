"""Reading request bodies: JSON errors become errors that name the field."""

import json
import re
from typing import TypeVar

import msgspec

from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue

T = TypeVar("T")

_PATH = re.compile(r"^(?P<reason>.*?)(?: - at `(?:key in )?\$(?P<inner>[^`]*)`)?$", re.DOTALL)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_request(
    decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw, *, path: str = ""
) -> T:
    """Decode a body, or the part of one that stands at `path`.

    Raises:
        InvalidRequestError: not JSON, or a field of the wrong type, which `param` names as
            a path such as `messages[2].content`.
    """
    try:
        return decoder.decode(body)
    except _UNREADABLE as error:
        raise _unreadable(error, path=path) from error


def read_peek(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    r"""Decode the few fields that routing needs, of a body that may yet be the vendor's business.

    Half a surrogate pair (`"\ud83d"`), as JavaScript clients send when they cut text, is JSON
    though no text: what it is worth, the vendor decides.

    Raises:
        InvalidRequestError: as `read_request` does.
    """
    try:
        return decoder.decode(body)
    except _UNREADABLE as error:
        other = isinstance(error, (msgspec.ValidationError, UnicodeDecodeError, RecursionError))
        if other or b"\\ud" not in body.lower():
            raise _unreadable(error) from error
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            raise _unreadable(error) from error
    try:
        return msgspec.convert(value, decoder.type)
    except msgspec.ValidationError as error:
        raise invalid_field(error) from error
    except UnicodeEncodeError as error:  # half a surrogate pair in a key
        raise InvalidRequestError(f"the request body is not valid JSON: {error}") from error


def _unreadable(error: Exception, *, path: str = "") -> InvalidRequestError:
    """Our error for whatever `_UNREADABLE` a decoder raised."""
    if isinstance(error, msgspec.ValidationError):
        return invalid_field(error, path=path)
    if isinstance(error, RecursionError):
        return InvalidRequestError("the request body is nested too deeply")
    return InvalidRequestError(f"the request body is not valid JSON: {error}")


def invalid_field(error: msgspec.ValidationError, *, path: str = "") -> InvalidRequestError:
    """Our error for one of msgspec's, whose text is ``reason - at `$.inner` ``.

    `path` is where the value stands that msgspec saw.
    """
    match = _PATH.match(str(error))
    reason, inner = (match["reason"], match["inner"]) if match else (str(error), None)
    param = f"{path}{inner or ''}".lstrip(".")
    return InvalidRequestError(f"{param}: {reason}" if param else reason, param=param or None)


def missing_field(param: str) -> InvalidRequestError:
    """Our error for a field that is absent, or null where that means the same."""
    return InvalidRequestError(f"{param}: is required", param=param)


def check_range(value: float | None, low: float, high: float, *, param: str) -> None:
    """Raises InvalidRequestError when a number that was given is outside [low, high]."""
    if value is not None and not low <= value <= high:
        raise out_of_range(value, low, high, param=param)


def out_of_range(value: float, low: float, high: float, *, param: str) -> InvalidRequestError:
    """Our error for a number outside [low, high]."""
    return InvalidRequestError(
        f"{param}: must be between {low:g} and {high:g}, got {value}", param=param
    )


def check_bytes(text: str, limit: int | None, *, param: str) -> None:
    """Raises InvalidRequestError when a text's UTF-8 is longer than `limit` bytes."""
    # A character takes at most four bytes, so most texts need no encoding to be judged.
    if limit is not None and len(text) * 4 > limit and len(text.encode()) > limit:
        raise InvalidRequestError(f"{param}: is longer than {limit} bytes", param=param)


def check_tool_schema(schema: JSONValue, *, param: str) -> JSONObject:
    """Raises InvalidRequestError unless a tool's schema is an object; it need not name its type,
    since arguments are objects in any case.
    """
    if not isinstance(schema, dict):
        raise InvalidRequestError(f"{param}: must be a JSON Schema object", param=param)
    return schema
