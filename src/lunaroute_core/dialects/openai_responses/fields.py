"""Reading JSON objects field by field, and keeping what the model has no place for.

`extensions["openai_responses"]` of a request, block or tool holds every field that the
normalized model lacks under its own name, an explicit null too, so that the object can be
written again as it was. Where only the form is special the value says so:
`{"form": "string"}` for a text that was not wrapped in a list of parts.

`$item` on a block is no field. A message item is one or more blocks, in `instructions` as
well as in a turn; its first block holds the item without its content there. `null` marks
an opaque block that continues the item before, as blocks of text and media do anyway.
`$parts` on reasoning names the field that its parts are from where it is not the summary.
"""

import re
from typing import TypeVar

import msgspec

from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.request_json import invalid_field, missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Block, Extensions

T = TypeVar("T")

ITEM = "$item"
PARTS = "$parts"
STRING_FORM: JSONObject = {"form": "string"}

_IN_STRING_FORM = frozenset({"input", "output"})

_MISSING = re.compile(r"required field `([^`]+)`")


def read_object(raw: JSONObject, kind: type[T], *, param: str = "") -> T:
    """The known fields of the object at `param`.

    Raises:
        InvalidRequestError: one is missing or of the wrong type; `param` names it.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise _placed(error, param) from error


def _placed(error: msgspec.ValidationError, param: str) -> InvalidRequestError:
    found = invalid_field(error, path=param)
    if missing := _MISSING.search(found.details.message):
        return missing_field(f"{found.details.param or ''}.{missing[1]}".lstrip("."))
    return found


def remainder(raw: JSONObject, modelled: set[str]) -> JSONObject:
    """The fields that are not modelled, and explicit nulls."""
    return {key: value for key, value in raw.items() if value is None or key not in modelled}


def extensions_of(fields: JSONObject) -> Extensions:
    return {DIALECT: fields} if fields else {}


def own_fields(extensions: Extensions) -> JSONObject:
    """This dialect's extension without the marks of form."""
    fields = extensions.get(DIALECT, {})
    return {
        key: value
        for key, value in fields.items()
        if not key.startswith("$") and value != STRING_FORM
    }


def restored(written: JSONObject, extensions: Extensions) -> JSONObject:
    """An object as it was read: what is modelled of it, and over it, in inner objects too,
    what was left over.
    """
    left = extensions.get(DIALECT, {})
    return _merged(
        written,
        {key: value for key, value in left.items() if not _is_form(key, value)},
    )


def _is_form(key: str, value: JSONValue) -> bool:
    return key in (ITEM, PARTS) or (key in _IN_STRING_FORM and value == STRING_FORM)


def _merged(written: JSONObject, left: JSONObject) -> JSONObject:
    merged = dict(written)
    for key, value in left.items():
        inner = merged.get(key)
        if isinstance(inner, dict) and isinstance(value, dict):
            merged[key] = _merged(inner, value)
        else:
            merged[key] = value
    return merged


def item_head(block: Block) -> JSONObject | None:
    """The message item that this block opens, without its content."""
    head = block.extensions.get(DIALECT, {}).get(ITEM)
    return head if isinstance(head, dict) else None


def mark(block: Block, key: str, value: JSONValue) -> None:
    """Add to this dialect's extension of a block."""
    block.extensions = {
        **block.extensions,
        DIALECT: {**block.extensions.get(DIALECT, {}), key: value},
    }
