"""Fields of other dialects that the normalized model has no place for."""

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Extensions

_FORMS: tuple[JSONValue, ...] = (
    None,
    [],
    {},
    {"form": "string"},
    {"form": "beta"},
    {"type": "direct"},
)
"""Empty values, how something was written, and calls as they always are, the model's own: they
ask for nothing."""

_FRAMING = frozenset(
    {"id", "index", "obfuscation", "role", "status", "stream", "stream_options", "type"}
)
"""What names or frames an element."""

_MESSAGE_FRAMING = _FRAMING | {"content", "count", "phase"}
"""What is modelled of a message besides."""

_READ_IN_PART = frozenset({"output_config", "reasoning", "text", "thinking"})
"""Objects of a request that the normalized model has a place for, but not for all in them."""


def foreign_fields(extensions: Extensions, *, dialect: str) -> list[tuple[str, JSONValue]]:
    """The fields that ask for something, in another dialect than this one.

    Names that begin with `$` are the codecs' own: how something was written.
    """
    asking: list[tuple[str, JSONValue]] = []
    for other, fields in extensions.items():
        if other != dialect:
            for key, value in fields.items():
                if value is None or key[:1] == "$" or key in _FRAMING or says_nothing(value):
                    continue
                asking.append((key, value))
    return asking


def foreign_message_fields(extensions: Extensions, *, dialect: str) -> list[tuple[str, JSONValue]]:
    """The same of the message that a block opens, where it is kept with the block."""
    return [
        (key, value)
        for other, fields in extensions.items()
        if other != dialect
        for key, value in _opened_message(fields).items()
        if key not in _MESSAGE_FRAMING and not says_nothing(value)
    ]


def _opened_message(fields: JSONObject) -> JSONObject:
    form = fields.get("$form")
    message = form.get("message") if isinstance(form, dict) else fields.get("$item")
    return message if isinstance(message, dict) else {}


def foreign_field_names(key: str, value: JSONValue) -> list[str]:
    """What to call a request's field: by what is left of it, where the rest of it was read."""
    if key in _READ_IN_PART and isinstance(value, dict):
        return [f"{key}.{inner}" for inner in value]
    return [key]


def says_nothing(value: JSONValue) -> bool:
    """Whether a field's value is empty, through and through."""
    if isinstance(value, dict):
        return value in _FORMS or all(map(says_nothing, value.values()))
    return value in _FORMS
