"""Reading upstreams' JSON: whatever is wrong with it is a `ValueError`."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def read_answer(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Decode an answer, or an event of one.

    Raises:
        ValueError: not JSON, a field of the wrong type, or nested too deeply.
    """
    try:
        return decoder.decode(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
