"""Fields of other dialects that the normalized model has no place for.

Most are hints and are dropped. Some decide what the answer is, or promise something of it,
and have a rule here.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from lunaroute_core.dialects.foreign_fields import (
    foreign_field_names,
    foreign_fields,
    foreign_message_fields,
)
from lunaroute_core.dialects.openai_chat.extensions import DIALECT
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.moderation import blocks_answers
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Extensions

_Rule: TypeAlias = Callable[[JSONValue], str | None]
"""From a value to why it is rejected, None where it asks for nothing special."""

_SILENT = frozenset({"cache_control", "content", "prompt_cache_breakpoint"})
"""What only bears on caches, or is read elsewhere."""

_ANSWERED_ANYWAY = frozenset({"reasoning.encrypted_content", "message.output_text.logprobs"})
"""`include` values: Chat's reasoning, where there is any, comes unasked, and log probabilities
are asked for in a field of their own too."""

_CARRIED = frozenset({"moderation"})
"""Fields that OpenAI's dialects share."""


def _always(reason: str) -> _Rule:
    return lambda _value: reason


def _unknown_format(value: JSONValue) -> str | None:
    form = value.get("format", value) if isinstance(value, dict) else None
    known = not isinstance(form, dict) or "type" not in form
    return None if known else "Chat has no such output format"


_RULES: Mapping[str, _Rule] = {
    "background": _always("Chat answers nothing in the background"),
    "compaction": _always("Chat compacts nothing"),
    "container": _always("Chat has no containers"),
    "conversation": _always("Chat keeps no conversations"),
    "generate": _always("Chat's answer cannot be left out"),
    "inference_geo": _always("where a Chat model runs cannot be asked for"),
    "mcp_servers": _always("Chat calls no MCP servers"),
    "output_config": _unknown_format,
    "output_format": _unknown_format,
    "prompt": _always("Chat has no prompt templates"),
    "text": _unknown_format,
    "thread": _always("Chat keeps no threads"),
    "truncation": _always("Chat does not shorten conversations"),
}
_INERT: Mapping[str, JSONValue] = {
    "background": False,
    "generate": True,
    "truncation": "disabled",
}


def note_lost(extensions: Extensions, adaptation: Adaptation, *, prefix: str = "") -> None:
    """Warn of other dialects' fields; `prefix` is where they stand, as `messages[].`."""
    for key, _ in _foreign(extensions):
        adaptation.translation.dropped(f"{prefix}{key}", "Chat has no such field")


def note_lost_of_message(extensions: Extensions, adaptation: Adaptation) -> None:
    """The same of the message that a block opens."""
    for key, _ in foreign_message_fields(extensions, dialect=DIALECT):
        param = f"{adaptation.named('turns')}[].{key}"
        adaptation.translation.dropped(param, "Chat has no such field")


def check_request(extensions: Extensions, adaptation: Adaptation) -> None:
    """The request's own fields.

    Raises:
        InvalidRequestError: an answer that ignores one would not be what was asked for.
    """
    for key, value in _foreign(extensions):
        if key in _INERT and value == _INERT[key]:
            continue
        if key in _CARRIED and adaptation.capabilities.first_party:
            continue
        if key == "include" and isinstance(value, list) and set(value) <= _ANSWERED_ANYWAY:
            continue
        _check(key, value, adaptation)


def _check(key: str, value: JSONValue, adaptation: Adaptation) -> None:
    reason = _RULES[key](value) if key in _RULES else None
    if key in _CARRIED and blocks_answers(value):
        reason = "only OpenAI itself blocks on its moderation"
    if reason is not None:
        adaptation.translation.rejected(key, reason)
    for param in foreign_field_names(key, value):
        adaptation.translation.dropped(param, "Chat has no such field")


def carried(extensions: Extensions, adaptation: Adaptation) -> JSONObject:
    """The fields that Chat has under the same name."""
    if not adaptation.capabilities.first_party:
        return {}
    return {key: value for key, value in _foreign(extensions) if key in _CARRIED}


def _foreign(extensions: Extensions) -> list[tuple[str, JSONValue]]:
    fields = foreign_fields(extensions, dialect=DIALECT)
    return [(key, value) for key, value in fields if key not in _SILENT]
