"""Fields of other dialects that the normalized model has no place for.

Most are hints and are dropped. Some decide what the answer is, or promise something of it,
and have a rule here; their names are OpenAI's.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.foreign_fields import (
    foreign_field_names,
    foreign_fields,
    foreign_message_fields,
)
from lunaroute_core.json_value import JSONValue
from lunaroute_core.model import Extensions

_Rule: TypeAlias = Callable[[JSONValue], str | None]
"""From a value to why it is rejected, None where it asks for nothing special."""

_NO_FIELD = "Anthropic has no such field"
_READ_ELSEWHERE = frozenset({"is_error"})
_ANSWERED_ANYWAY = frozenset({"reasoning.encrypted_content", "message.output_text.logprobs"})
"""`include` values: Anthropic's reasoning is always whole, and log probabilities are asked
for in a field of their own too."""


def _always(reason: str) -> _Rule:
    return lambda _value: reason


def _moderation(value: JSONValue) -> str | None:
    return "Anthropic does not block on another vendor's moderation" if _blocks(value) else None


def _blocks(value: JSONValue) -> bool:
    if isinstance(value, dict):
        return value.get("mode") == "block" or any(map(_blocks, value.values()))
    return False


def _unknown_format(value: JSONValue) -> str | None:
    form = value.get("format", value) if isinstance(value, dict) else None
    known = not isinstance(form, dict) or "type" not in form
    return None if known else "Anthropic has no such output format"


_RULES: Mapping[str, _Rule] = {
    "background": _always("Anthropic answers nothing in the background"),
    "truncation": _always("Anthropic does not shorten conversations"),
    "prompt": _always("Anthropic has no prompt templates"),
    "generate": _always("Anthropic's answer cannot be left out"),
    "conversation": _always("Anthropic keeps no conversations"),
    "moderation": _moderation,
    "response_format": _unknown_format,
    "text": _unknown_format,
}
_INERT: Mapping[str, JSONValue] = {"background": False, "generate": True, "truncation": "disabled"}


def note_lost_of_block(extensions: Extensions, adaptation: Adaptation) -> None:
    """Warn of a block's fields, and of those of the message that it opens."""
    for key, _ in foreign_fields(extensions, dialect=DIALECT):
        _note_lost(f"{adaptation.named('turns')}[].content[].{key}", key, adaptation)
    for key, _ in foreign_message_fields(extensions, dialect=DIALECT):
        param = f"{adaptation.named('turns')}[].{key}"
        adaptation.translation.dropped(param, _NO_FIELD)


def note_lost_of_turn(extensions: Extensions, adaptation: Adaptation) -> None:
    """Warn of a message's fields."""
    for key, _ in foreign_fields(extensions, dialect=DIALECT):
        _note_lost(f"{adaptation.named('turns')}[].{key}", key, adaptation)


def note_lost_of_tool(extensions: Extensions, adaptation: Adaptation, *, param: str) -> None:
    """Warn of the fields of the tool that stands at `param`."""
    for key, _ in foreign_fields(extensions, dialect=DIALECT):
        _note_lost(f"{param}.{key}", key, adaptation)


def _note_lost(param: str, key: str, adaptation: Adaptation) -> None:
    if key not in _READ_ELSEWHERE:
        adaptation.translation.dropped(param, _NO_FIELD)


def check_field(key: str, value: JSONValue, adaptation: Adaptation) -> None:
    """One of the request's own fields.

    Raises:
        InvalidRequestError: an answer that ignores it would not be what was asked for.
    """
    if key in _READ_ELSEWHERE or (key in _INERT and value == _INERT[key]):
        return
    if key == "include" and isinstance(value, list) and set(value) <= _ANSWERED_ANYWAY:
        return
    reason = _RULES[key](value) if key in _RULES else None
    if reason is not None:
        adaptation.translation.rejected(key, reason)
    for param in foreign_field_names(key, value):
        adaptation.translation.dropped(param, _NO_FIELD)
