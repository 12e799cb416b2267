"""An operator's edits to a request body."""

from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.dialects.raw_json import merge_over
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue


def edited(body: JSONObject, edits: BodyEdits) -> JSONObject:
    """`body` with defaults under it, overrides over it, and messages before its input."""
    merged = merge_over(merge_over(edits.defaults, body), edits.overrides)
    if edits.prepend_messages:
        before: list[JSONValue] = [{"type": "message", **m} for m in edits.prepend_messages]
        merged["input"] = before + _items(merged.get("input"))
    return merged


def _items(value: JSONValue) -> list[JSONValue]:
    """The input as items; a bare string is one user message."""
    match value:
        case None:
            return []
        case str():
            return [{"type": "message", "role": "user", "content": value}]
        case list():
            return value
        case _:
            raise InvalidRequestError("input: must be a string or a list", param="input")
