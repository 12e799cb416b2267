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
    says_nothing,
)
from lunaroute_core.dialects.openai_responses.fields import STRING_FORM
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.dialects.openai_vendor.moderation import blocks_answers
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Extensions

_Rule: TypeAlias = Callable[[JSONValue], str | None]
"""From a value to why it is rejected, None where it asks for nothing special."""

_ANTHROPIC = "anthropic_messages"
_SILENT = frozenset({"cache_control", "content", "is_error", "prompt_cache_breakpoint"})
"""What only bears on caches, or is read elsewhere."""

_READ_ELSEWHERE = frozenset({"context_management", "mcp_servers"})
"""Fields of Anthropic's that `foreign_field` is asked for."""

_CARRIED = frozenset({"moderation", "prompt_cache_retention"})
"""Fields that OpenAI's dialects share."""

_INERT: Mapping[str, JSONValue] = {"inference_geo": "global", "speed": "standard"}
"""Values that ask for what is done anyway."""


def _always(reason: str) -> _Rule:
    return lambda _value: reason


def _unknown_format(value: JSONValue) -> str | None:
    form = value.get("format", value) if isinstance(value, dict) else None
    known = not isinstance(form, dict) or "type" not in form
    return None if known else "Responses has no such output format"


_RULES: Mapping[str, _Rule] = {
    "compaction": _always("Responses compacts nothing by itself"),
    "container": _always("containers are of one vendor only"),
    "inference_geo": _always("where a model of OpenAI runs cannot be asked for"),
    "output_config": _unknown_format,
    "output_format": _unknown_format,
    "response_format": _unknown_format,
    "thread": _always("threads are kept by one vendor only"),
}


def note_lost(extensions: Extensions, adaptation: Adaptation, *, prefix: str = "") -> None:
    """Warn of other dialects' fields; `prefix` is where they stand, as `messages[].`."""
    for key, _ in _foreign(extensions):
        adaptation.translation.dropped(f"{prefix}{key}", "Responses has no such field")


def note_lost_of_message(extensions: Extensions, adaptation: Adaptation) -> None:
    """The same of the message that a block opens."""
    for key, _ in foreign_message_fields(extensions, dialect=DIALECT):
        param = f"{adaptation.named('turns')}[].{key}"
        adaptation.translation.dropped(param, "Responses has no such field")


def check_request(extensions: Extensions, adaptation: Adaptation) -> None:
    """The request's own fields.

    Raises:
        InvalidRequestError: an answer that ignores one would not be what was asked for.
    """
    kept = carried(extensions, adaptation)
    for key, value in _foreign(extensions):
        if key not in kept and (key not in _INERT or value != _INERT[key]):
            _check(key, value, adaptation)


def _check(key: str, value: JSONValue, adaptation: Adaptation) -> None:
    reason = _RULES[key](value) if key in _RULES else None
    if key in _CARRIED and blocks_answers(value):
        reason = "only OpenAI itself blocks on its moderation"
    if reason is not None:
        adaptation.translation.rejected(key, reason)
    for param in foreign_field_names(key, value):
        adaptation.translation.dropped(param, "Responses has no such field")


def carried(extensions: Extensions, adaptation: Adaptation) -> JSONObject:
    """The fields that Responses has under the same name."""
    if not adaptation.capabilities.first_party:
        return {}
    return {key: value for key, value in _foreign(extensions) if key in _CARRIED}


def foreign_field(extensions: Extensions, key: str) -> JSONValue:
    """One of the request's fields that only Anthropic's clients have, and that is read."""
    value = extensions.get(_ANTHROPIC, {}).get(key)
    return None if says_nothing(value) else value


def string_form(extensions: Extensions, key: str) -> bool:
    """Whether an Anthropic client wrote a string where a list of blocks may stand."""
    return extensions.get(_ANTHROPIC, {}).get(key) == STRING_FORM


def _foreign(extensions: Extensions) -> list[tuple[str, JSONValue]]:
    elsewhere = _READ_ELSEWHERE & extensions.get(_ANTHROPIC, {}).keys()
    fields = foreign_fields(extensions, dialect=DIALECT)
    return [(key, value) for key, value in fields if key not in _SILENT | elsewhere]
