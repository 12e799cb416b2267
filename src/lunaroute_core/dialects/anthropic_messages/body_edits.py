"""Changes an operator wants in every body; what they do not touch stays byte for byte."""

import msgspec
from msgspec import Raw

from lunaroute_core.dialects.anthropic_messages.fields import (
    ANY,
    RAW_LIST,
    RAW_LIST_OR_TEXT,
    RAW_OBJECT,
)
from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.dialects.raw_json import merge_over
from lunaroute_core.dialects.request_json import read_request
from lunaroute_core.json_value import JSONObject, JSONValue

_INSTRUCTION_ROLES = frozenset({"system", "developer"})


def edit_body(body: bytes, edits: BodyEdits) -> bytes:
    """The body with an operator's defaults, overrides and leading messages.

    Raises:
        InvalidRequestError: no JSON object, or a field to be extended has the wrong type.
    """
    fields = read_request(RAW_OBJECT, body)
    touched = [key for key in fields if key in edits.defaults or key in edits.overrides]
    before = {key: read_request(ANY, fields[key], path=key) for key in touched}
    after = merge_over(merge_over(edits.defaults, before), edits.overrides)
    fields |= {key: _raw(value) for key, value in after.items() if not _same(key, before, value)}
    _prepend_instructions(fields, edits.prepend_messages)
    _prepend_turns(fields, edits.prepend_messages)
    return msgspec.json.encode(fields)


def _same(key: str, before: JSONObject, value: JSONValue) -> bool:
    """Compared as JSON, in which 1, 1.0 and true are not the same."""
    return key in before and msgspec.json.encode(before[key]) == msgspec.json.encode(value)


def _prepend_instructions(fields: dict[str, Raw], messages: list[JSONObject]) -> None:
    """Put system texts before `system`, which becomes a list of blocks if it was a string."""
    new = [block for message in messages if _instructs(message) for block in _text_blocks(message)]
    if not new:
        return
    given = fields.get("system", Raw(b"null"))
    old = read_request(RAW_LIST_OR_TEXT, b'""' if bytes(given) == b"null" else given, path="system")
    if isinstance(old, str):
        old = [_raw({"type": "text", "text": old})] if old else []
    fields["system"] = _raw_list([*map(_raw, new), *old])


def _prepend_turns(fields: dict[str, Raw], messages: list[JSONObject]) -> None:
    new = [_raw(message) for message in messages if not _instructs(message)]
    if new:
        old = read_request(RAW_LIST, fields.get("messages", b"[]"), path="messages")
        fields["messages"] = _raw_list([*new, *old])


def _instructs(message: JSONObject) -> bool:
    return message.get("role") in _INSTRUCTION_ROLES


def _text_blocks(message: JSONObject) -> list[JSONValue]:
    content = message.get("content")
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


def _raw(value: JSONValue) -> Raw:
    return Raw(msgspec.json.encode(value))


def _raw_list(items: list[Raw]) -> Raw:
    return Raw(msgspec.json.encode(items))
