"""The fields of a request beside its model and conversation: one table of where they go."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from lunaroute_core.dialects.openai_chat.extensions import DIALECT, left_over
from lunaroute_core.dialects.openai_chat.fields import Fields, is_integer, wrong_type
from lunaroute_core.dialects.openai_chat.tool_decoding import (
    decode_function_choice,
    decode_tool_choice,
    decode_tools,
)
from lunaroute_core.dialects.request_json import check_range, missing_field, out_of_range
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    CacheOptions,
    Conversation,
    Limits,
    NormalizedRequest,
    OutputFormat,
    Reasoning,
    RequestSource,
    StreamOptions,
    Tool,
    ToolChoice,
)
from lunaroute_core.request_limits import RequestLimits

_LEGACY = RequestSource(dialect=DIALECT, legacy_functions=True)
_STREAM_OPTIONS = frozenset({"include_usage"})


class SettingsReader(Struct):
    """Moves fields into the request.

    Attributes:
        form: what was written though it says nothing (empty lists, a stream that is none), and
            how it was where there are two ways.
        left: fields that are null, that this version does not know, or that another outdoes.
        inner: what is left inside objects that were read.
    """

    fields: JSONObject
    request: NormalizedRequest
    limits: RequestLimits
    form: JSONObject = {}
    left: JSONObject = {}
    inner: JSONObject = {}

    def read(self) -> None:
        """Take all of them, in the order in which they were sent.

        Raises:
            InvalidRequestError: one has a wrong type, is out of range or over a limit.
        """
        request = self.request
        for key, value in self.fields.items():
            place = _PLACES.get(key)
            if place is None or (value is None and key != "store"):
                self.left[key] = value
                continue
            group, name, read = place
            setting = read(self, key, value)
            if setting is UNSET:
                self.left[key] = value
            elif group is None:
                setattr(request, name, setting)
            else:
                setattr(request, group, replace(getattr(request, group), **{name: setting}))
        if self.inner:
            self.left.update(self.inner)


_Reader: TypeAlias = Callable[[SettingsReader, str, JSONValue], Any]
"""Gives the setting for a field of this name and value, UNSET to leave it where it is."""


def _text(_settings: SettingsReader, key: str, value: JSONValue) -> str:
    if not isinstance(value, str):
        raise wrong_type(key, "a string")
    return value


def _texts(_settings: SettingsReader, key: str, value: JSONValue) -> list[str]:
    if not isinstance(value, list):
        raise wrong_type(key, "an array")
    texts = [it for it in value if isinstance(it, str)]
    if len(texts) != len(value):
        raise wrong_type(key, "an array of strings")
    return texts


def _flag(_settings: SettingsReader, key: str, value: JSONValue) -> bool:
    if not isinstance(value, bool):
        raise wrong_type(key, "a boolean")
    return value


def _object(_settings: SettingsReader, key: str, value: JSONValue) -> JSONObject:
    if not isinstance(value, dict):
        raise wrong_type(key, "an object")
    return value


def _number(low: float, high: float) -> _Reader:
    def read(_settings: SettingsReader, key: str, value: JSONValue) -> float:
        if not isinstance(value, float) and not is_integer(value):
            raise wrong_type(key, "a number")
        if not low <= value <= high:
            raise out_of_range(value, low, high, param=key)
        return value

    return read


def _integer(low: float = -math.inf, high: float = math.inf) -> _Reader:
    def read(_settings: SettingsReader, key: str, value: JSONValue) -> int:
        if not is_integer(value):
            raise wrong_type(key, "an integer")
        check_range(value, low, high, param=key)
        return value

    return read


def _count(value: JSONValue, *, most: int | None, param: str) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise wrong_type(param, "an integer")
    if value < 1:
        raise InvalidRequestError(f"{param}: must be at least 1", param=param)
    if most is not None and value > most:
        raise out_of_range(value, 1, most, param=param)
    return value


def _choices(settings: SettingsReader, key: str, value: JSONValue) -> int:
    return _count(value, most=settings.limits.max_choices, param=key)


def _output_limit(settings: SettingsReader, key: str, value: JSONValue) -> Limits | UnsetType:
    """`max_completion_tokens`, else the older `max_tokens`."""
    if key == "max_tokens":
        if settings.fields.get("max_completion_tokens") is not None:
            return UNSET
        settings.form["max_output_tokens"] = key
    tokens = _count(value, most=settings.limits.max_output_tokens, param=key)
    return Limits(max_output_tokens=tokens)


def _stop(settings: SettingsReader, key: str, value: JSONValue) -> list[str]:
    if isinstance(value, str):
        settings.form[key] = "string"
        return [value]
    return _texts(settings, key, value)


def _logit_bias(_settings: SettingsReader, key: str, value: JSONValue) -> dict[str, float]:
    if not isinstance(value, dict):
        raise wrong_type(key, "an object")
    biases = Fields.of(value, path=key)
    bias: dict[str, float] = {}
    for token in value:
        number = biases.number(token)
        if number is None:
            raise missing_field(biases.at(token))
        check_range(number, -100, 100, param=biases.at(token))
        bias[token] = number
    return bias


def _tools(settings: SettingsReader, key: str, value: JSONValue) -> list[Tool]:
    """All tools, once the first field of tools comes: their own order is another."""
    if value == [] and key != "web_search_options":
        settings.form[key] = "empty"
    if key == "functions" and settings.fields.get("tools") is None:
        settings.request.source = _LEGACY
    return settings.request.tools or decode_tools(settings.fields)


def _tool_choice(_settings: SettingsReader, _key: str, value: JSONValue) -> ToolChoice:
    return decode_tool_choice(value)


def _function_call(settings: SettingsReader, key: str, value: JSONValue) -> ToolChoice | UnsetType:
    """The older way to choose."""
    if settings.fields.get("tool_choice") is not None:
        return UNSET
    settings.form["tool_choice"] = key
    return decode_function_choice(value)


def _format(settings: SettingsReader, key: str, value: JSONValue) -> OutputFormat | UnsetType:
    """`response_format`; a type this version does not know stays left over, whole."""
    outer = Fields.of(value, path=key)
    if outer.peek("type") not in (None, "text", "json_object", "json_schema"):
        return UNSET
    match outer.needed_text("type"):
        case "text":
            wanted = OutputFormat(kind="text")
        case "json_object":
            wanted = OutputFormat(kind="json_object")
        case _:
            wanted = _schema_format(outer.needed_fields("json_schema"))
    if left := outer.left:
        settings.inner[key] = left
    return wanted


def _schema_format(inner: Fields) -> OutputFormat:
    strict = inner.flag("strict")
    if strict is None and not inner.take_null("strict"):
        strict = UNSET
    return OutputFormat(
        kind="json_schema",
        name=inner.needed_text("name"),
        description=inner.text("description"),
        schema=inner.object("schema"),
        strict=strict,
    )


def _reasoning(settings: SettingsReader, key: str, value: JSONValue) -> Reasoning:
    return Reasoning(effort=_text(settings, key, value))


def _stream(settings: SettingsReader, key: str, value: JSONValue) -> StreamOptions:
    if not isinstance(value, bool):
        raise wrong_type(key, "a boolean")
    if not value:
        settings.form[key] = "false"
    return replace(settings.request.stream, enabled=value)


def _stream_options(settings: SettingsReader, key: str, value: JSONValue) -> StreamOptions:
    if not isinstance(value, dict):
        raise wrong_type(key, "an object")
    if not value:
        settings.form[key] = "empty"
    include_usage = value.get("include_usage")
    if include_usage is not None and not isinstance(include_usage, bool):
        raise wrong_type(f"{key}.include_usage", "a boolean")
    if left := left_over(value, _STREAM_OPTIONS):
        settings.inner[key] = left
    return replace(settings.request.stream, include_usage=include_usage)


def _cache_key(settings: SettingsReader, key: str, value: JSONValue) -> CacheOptions:
    return replace(settings.request.cache or CacheOptions(), key=_text(settings, key, value))


def _cache_options(settings: SettingsReader, key: str, value: JSONValue) -> CacheOptions:
    options = _object(settings, key, value)
    return replace(settings.request.cache or CacheOptions(), options=options)


def _store(settings: SettingsReader, key: str, value: JSONValue) -> Conversation:
    """Absence and an explicit null mean different things here."""
    return Conversation(store=None if value is None else _flag(settings, key, value))


_PLACES: Mapping[str, tuple[str | None, str, _Reader]] = {
    "tools": (None, "tools", _tools),
    "functions": (None, "tools", _tools),
    "web_search_options": (None, "tools", _tools),
    "tool_choice": (None, "tool_choice", _tool_choice),
    "function_call": (None, "tool_choice", _function_call),
    "parallel_tool_calls": (None, "parallel_tool_calls", _flag),
    "max_completion_tokens": (None, "limits", _output_limit),
    "max_tokens": (None, "limits", _output_limit),
    "temperature": ("sampling", "temperature", _number(0, 2)),
    "top_p": ("sampling", "top_p", _number(0, 1)),
    "presence_penalty": ("sampling", "presence_penalty", _number(-2, 2)),
    "frequency_penalty": ("sampling", "frequency_penalty", _number(-2, 2)),
    "seed": ("sampling", "seed", _integer()),
    "stop": ("sampling", "stop", _stop),
    "logit_bias": ("sampling", "logit_bias", _logit_bias),
    "n": ("sampling", "n", _choices),
    "logprobs": ("sampling", "logprobs", _flag),
    "top_logprobs": ("sampling", "top_logprobs", _integer(0, 20)),
    "response_format": ("output", "format", _format),
    "verbosity": ("output", "verbosity", _text),
    "modalities": ("output", "modalities", _texts),
    "audio": ("output", "audio", _object),
    "reasoning_effort": (None, "reasoning", _reasoning),
    "stream": (None, "stream", _stream),
    "stream_options": (None, "stream", _stream_options),
    "user": ("identity", "user", _text),
    "safety_identifier": ("identity", "safety_identifier", _text),
    "metadata": ("identity", "metadata", _object),
    "prompt_cache_key": (None, "cache", _cache_key),
    "prompt_cache_options": (None, "cache", _cache_options),
    "service_tier": (None, "tier", _text),
    "store": (None, "conversation", _store),
}
"""By field: the group of the request's in which its setting is, None where it is in none or the
reader gives the group whole; the name of the setting there; and the reader.
"""
