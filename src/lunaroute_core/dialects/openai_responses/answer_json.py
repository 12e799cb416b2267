"""The JSON of answers: what an upstream says may be anything."""

from collections.abc import Generator
from contextlib import contextmanager

import msgspec

from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue

_ANSWER: msgspec.json.Decoder[JSONValue] = msgspec.json.Decoder()


@contextmanager
def answer_errors() -> Generator[None]:
    """What is wrong with an answer is no error of the request's, whose readers it shares.

    Raises:
        ValueError: in place of `InvalidRequestError` and `RecursionError`.
    """
    try:
        yield
    except InvalidRequestError as error:
        raise ValueError(error.details.message) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_json(data: bytes) -> JSONObject:
    """Raises ValueError for anything but a JSON object."""
    value = _ANSWER.decode(data)
    if isinstance(value, dict):
        return value
    raise ValueError("not a JSON object")


def object_of(values: JSONObject, key: str) -> JSONObject:
    """Raises ValueError, naming the field, for anything but an object."""
    value = values.get(key)
    if isinstance(value, dict):
        return value
    raise ValueError(f"{key}: must be an object")


def text_of(values: JSONObject, key: str) -> str:
    """Raises ValueError, naming the field, for anything but a text."""
    value = values.get(key)
    if isinstance(value, str):
        return value
    raise ValueError(f"{key}: must be a string")


def number_of(values: JSONObject, key: str) -> int:
    """Raises ValueError, naming the field, for anything but an integer."""
    value = values.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{key}: must be an integer")
