"""An operator's edits to a request body."""

from itertools import filterfalse, takewhile

from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.dialects.raw_json import merge_over
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue


def edited(body: JSONObject, edits: BodyEdits) -> JSONObject:
    """`body` with defaults under it, overrides over it, and messages before its input: those of
    the user or the assistant behind the instructions that it begins with.
    """
    merged = merge_over(merge_over(edits.defaults, body), edits.overrides)
    if edits.prepend_messages:
        new: list[JSONValue] = [{"type": "message", **it} for it in edits.prepend_messages]
        given = _items(merged.get("input"))
        before = list(takewhile(_instructs, given))
        merged["input"] = [
            *filter(_instructs, new),
            *before,
            *filterfalse(_instructs, new),
            *given[len(before) :],
        ]
    return merged


def _instructs(item: JSONValue) -> bool:
    return isinstance(item, dict) and item.get("role") in ("system", "developer")


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
