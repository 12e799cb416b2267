"""The fields of a request beside its conversation, which are read in groups."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from lunaroute_core.dialects.openai_chat.extensions import DIALECT
from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.dialects.openai_chat.tool_decoding import (
    decode_tool_choice,
    decode_tools,
    three_state,
)
from lunaroute_core.dialects.request_json import check_range, missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    CacheOptions,
    Conversation,
    Identity,
    Limits,
    NormalizedRequest,
    Output,
    OutputFormat,
    Reasoning,
    RequestSource,
    Sampling,
    StreamOptions,
)
from lunaroute_core.request_limits import RequestLimits

_LEGACY = RequestSource(dialect=DIALECT, legacy_functions=True)


class SettingsReader(Struct):
    """Moves fields into the request.

    Attributes:
        form: what was written though it says nothing (empty lists, a stream that is none), and
            how it was where there are two ways.
    """

    fields: Fields
    request: NormalizedRequest
    limits: RequestLimits
    form: JSONObject = {}

    def read(self) -> None:
        """Take all of them. Most requests have few, so only groups are read that are there.

        Raises:
            InvalidRequestError: one has a wrong type, is out of range or over a limit.
        """
        groups = set(map(_GROUP_OF.get, self.fields.keys()))
        if "tools" in groups:
            self._read_tools()
        if "limits" in groups:
            self._read_limits()
        if "sampling" in groups:
            self._read_sampling()
        if "output" in groups:
            self._read_output()
        if "reasoning" in groups:
            self._read_reasoning()
        if "stream" in groups:
            self._read_stream()
        if "identity" in groups:
            self._read_identity()
        if "service" in groups:
            self._read_service()

    def _read_tools(self) -> None:
        fields, request = self.fields, self.request
        for key in ("tools", "functions"):
            if fields.peek(key) == []:
                self.form[key] = "empty"
        if fields.peek("tool_choice") is None and fields.peek("function_call") is not None:
            self.form["tool_choice"] = "function_call"
        if fields.peek("tools") is None and fields.peek("functions") is not None:
            request.source = _LEGACY
        request.tools = decode_tools(fields)
        request.tool_choice = decode_tool_choice(fields)
        request.parallel_tool_calls = fields.flag("parallel_tool_calls")

    def _read_limits(self) -> None:
        """`max_completion_tokens`, else the older `max_tokens`, which stays left over beside it."""
        most = self.limits.max_output_tokens
        tokens = _count(self.fields, "max_completion_tokens", most=most)
        if tokens is None:
            tokens = _count(self.fields, "max_tokens", most=most)
            if tokens is not None:
                self.form["max_output_tokens"] = "max_tokens"
        self.request.limits = Limits(max_output_tokens=tokens)

    def _read_sampling(self) -> None:
        there = self.fields.keys()
        given = {key: read(self, key) for key, read in _SAMPLING_FIELDS.items() if key in there}
        self.request.sampling = Sampling(**given)

    def _read_output(self) -> None:
        fields = self.fields
        self.request.output = Output(
            format=_format(fields),
            verbosity=fields.text("verbosity"),
            modalities=fields.texts("modalities"),
            audio=fields.object("audio"),
        )

    def _read_reasoning(self) -> None:
        effort = self.fields.text("reasoning_effort")
        self.request.reasoning = None if effort is None else Reasoning(effort=effort)

    def _read_stream(self) -> None:
        fields = self.fields
        if fields.peek("stream_options") == {}:
            self.form["stream_options"] = "empty"
        if fields.peek("stream") is False:
            self.form["stream"] = "false"
        options = fields.fields("stream_options")
        include_usage = options.flag("include_usage") if options is not None else None
        enabled = bool(fields.flag("stream"))
        self.request.stream = StreamOptions(enabled=enabled, include_usage=include_usage)

    def _read_identity(self) -> None:
        fields = self.fields
        self.request.identity = Identity(
            user=fields.text("user"),
            safety_identifier=fields.text("safety_identifier"),
            metadata=fields.object("metadata"),
        )

    def _read_service(self) -> None:
        """What is asked of the vendor's tiers, caches and storage."""
        fields = self.fields
        self.request.tier = fields.text("service_tier")
        self.request.conversation = Conversation(store=three_state(fields, "store"))
        key, options = fields.text("prompt_cache_key"), fields.object("prompt_cache_options")
        if key is not None or options is not None:
            self.request.cache = CacheOptions(key=key, options=options)


_SamplingReader: TypeAlias = Callable[[SettingsReader, str], Any]
"""Takes a field and gives the value of the one in `Sampling` that has the same name."""


def _count(fields: Fields, key: str, *, most: int | None) -> int | None:
    value = fields.integer(key)
    if value is None:
        return None
    if value < 1:
        raise InvalidRequestError(f"{fields.at(key)}: must be at least 1", param=fields.at(key))
    check_range(value, 1, math.inf if most is None else most, param=fields.at(key))
    return value


def _ranged(fields: Fields, key: str, low: float, high: float) -> float | None:
    value = fields.number(key)
    if value is not None:
        check_range(value, low, high, param=fields.at(key))
    return value


def _number(low: float, high: float) -> _SamplingReader:
    return lambda settings, key: _ranged(settings.fields, key, low, high)


def _top_logprobs(settings: SettingsReader, key: str) -> int | None:
    value = settings.fields.integer(key)
    check_range(value, 0, 20, param=key)
    return value


def _stop(settings: SettingsReader, key: str) -> list[str] | None:
    if not isinstance(settings.fields.peek(key), str):
        return settings.fields.texts(key)
    settings.form[key] = "string"
    return [settings.fields.needed_text(key)]


def _logit_bias(settings: SettingsReader, key: str) -> dict[str, float] | None:
    values = settings.fields.object(key)
    if values is None:
        return None
    biases = Fields.of(values, path=key)
    bias: dict[str, float] = {}
    for token in values:
        value = _ranged(biases, token, -100, 100)
        if value is None:
            raise missing_field(biases.at(token))
        bias[token] = value
    return bias


_SAMPLING_FIELDS: Mapping[str, _SamplingReader] = {
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "presence_penalty": _number(-2, 2),
    "frequency_penalty": _number(-2, 2),
    "seed": lambda settings, key: settings.fields.integer(key),
    "stop": _stop,
    "logit_bias": _logit_bias,
    "n": lambda settings, key: _count(settings.fields, key, most=settings.limits.max_choices),
    "logprobs": lambda settings, key: settings.fields.flag(key),
    "top_logprobs": _top_logprobs,
}
_GROUPS: Mapping[str, Iterable[str]] = {
    "tools": (
        "function_call",
        "functions",
        "parallel_tool_calls",
        "tool_choice",
        "tools",
        "web_search_options",
    ),
    "limits": ("max_completion_tokens", "max_tokens"),
    "sampling": _SAMPLING_FIELDS,
    "output": ("audio", "modalities", "response_format", "verbosity"),
    "reasoning": ("reasoning_effort",),
    "stream": ("stream", "stream_options"),
    "identity": ("metadata", "safety_identifier", "user"),
    "service": ("prompt_cache_key", "prompt_cache_options", "service_tier", "store"),
}
_GROUP_OF = {field: group for group, fields in _GROUPS.items() for field in fields}


def _format(fields: Fields) -> OutputFormat | None:
    """`response_format`; a type this version does not know stays left over, whole."""
    if isinstance(raw := fields.peek("response_format"), dict) and raw.get("type") not in (
        None,
        "text",
        "json_object",
        "json_schema",
    ):
        return None
    outer = fields.fields("response_format")
    if outer is None:
        return None
    match outer.needed_text("type"):
        case "text":
            return OutputFormat(kind="text")
        case "json_object":
            return OutputFormat(kind="json_object")
        case _:
            inner = outer.needed_fields("json_schema")
            return OutputFormat(
                kind="json_schema",
                name=inner.needed_text("name"),
                description=inner.text("description"),
                schema=inner.object("schema"),
                strict=three_state(inner, "strict"),
            )
