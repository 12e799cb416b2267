"""The arguments of calls, which Chat has as text."""

import msgspec
from msgspec import UNSET, UnsetType

from lunaroute_core.json_value import JSONValue


def parsed_arguments(text: str) -> JSONValue | UnsetType:
    """The value of a function's arguments, UNSET where they are no JSON."""
    try:
        value: JSONValue = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return UNSET
    return value
