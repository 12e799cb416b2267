"""The request body's own fields: their types, their bounds, their normalized form."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from lunaroute_core.dialects.openai_responses.fields import STRING_FORM, extensions_of, remainder
from lunaroute_core.dialects.request_json import check_bytes, check_range, missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    CacheOptions,
    Conversation,
    Extensions,
    Identity,
    Limits,
    Output,
    OutputFormat,
    Reasoning,
    Sampling,
    StreamOptions,
)
from lunaroute_core.request_limits import RequestLimits

_LOGPROBS = "message.output_text.logprobs"
_FORMAT_KINDS: dict[JSONValue, Literal["text", "json_object"]] = {
    "text": "text",
    "json_object": "json_object",
}


class ReasoningFields(Struct):
    effort: str | None = None
    summary: str | None = None


class FormatFields(Struct):
    type: str
    name: str | None = None
    description: str | None = None
    schema: JSONObject | None = None
    strict: bool | UnsetType | None = UNSET


class TextFields(Struct):
    format: FormatFields | None = None
    verbosity: str | None = None


class RequestBody(Struct, kw_only=True):
    """What is read of `POST /v1/responses`; every other field is kept as it is."""

    model: str | None = None
    input: str | list[JSONObject] | None = None
    instructions: str | None = None
    conversation: JSONValue = None
    prompt: JSONValue = None
    previous_response_id: str | None = None
    store: bool | UnsetType | None = UNSET
    stream: bool | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None
    parallel_tool_calls: bool | None = None
    tools: list[JSONObject] | None = None
    tool_choice: str | JSONObject | None = None
    reasoning: ReasoningFields | None = None
    text: TextFields | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: JSONObject | None = None
    safety_identifier: str | None = None
    user: str | None = None
    metadata: JSONObject | None = None
    service_tier: str | None = None


_EXTRA = {"conversation", "include", "prompt"}
"""Read for their meaning, but kept as extensions."""

_MODELLED = set(RequestBody.__struct_fields__) - _EXTRA
_MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader takes exactly (RFC 8259, section 6)."""
_EMPTY: tuple[JSONValue, ...] = ("", [], {})


def check_body(body: RequestBody, limits: RequestLimits) -> None:
    """Raises InvalidRequestError, naming the field, for a value out of its bounds."""
    check_model(body.model)
    check_bytes(body.model or "", limits.max_model_bytes, param="model")
    check_range(body.temperature, 0, 2, param="temperature")
    check_range(body.top_p, 0, 1, param="top_p")
    check_range(body.top_logprobs, 0, 20, param="top_logprobs")
    check_range(body.max_tool_calls, 0, _MAX_INTEGER, param="max_tool_calls")
    highest = limits.max_output_tokens or _MAX_INTEGER
    check_range(body.max_output_tokens, 1, highest, param="max_output_tokens")
    check_bytes(body.instructions or "", limits.max_string_bytes, param="instructions")
    _check_input(body, limits)


def check_model(model: str | None) -> str:
    """The model; a request that leaves it to a `prompt` template cannot be routed."""
    if not model:
        raise missing_field("model")
    return model


def _check_input(body: RequestBody, limits: RequestLimits) -> None:
    given = body.previous_response_id or body.conversation or body.prompt
    if not body.input and not given:
        raise InvalidRequestError("input: is required and must not be empty", param="input")
    if isinstance(body.input, str):
        check_bytes(body.input, limits.max_string_bytes, param="input")
    elif body.input is not None and len(body.input) > limits.max_messages:
        raise InvalidRequestError(
            f"input: has {len(body.input)} items, the limit is {limits.max_messages}",
            param="input",
        )


def body_extensions(raw: JSONObject, body: RequestBody) -> Extensions:
    """What the request holds beyond the model, and which of its values were empty."""
    rest = remainder(raw, _MODELLED)
    rest |= {key: value for key, value in raw.items() if value in _EMPTY}
    if isinstance(body.input, str) and body.input:
        rest["input"] = STRING_FORM
    if body.stream is False:
        rest["stream"] = False
    for key, left in (("reasoning", _reasoning_rest(raw)), ("text", _text_rest(raw))):
        if left:
            rest[key] = left
    return extensions_of(rest)


def _reasoning_rest(raw: JSONObject) -> JSONObject:
    fields = raw.get("reasoning")
    return remainder(fields, {"effort", "summary"}) if isinstance(fields, dict) else {}


def _text_rest(raw: JSONObject) -> JSONObject:
    fields = raw.get("text")
    if not isinstance(fields, dict):
        return {}
    rest = remainder(fields, {"format", "verbosity"})
    wanted = fields.get("format")
    if isinstance(wanted, dict):
        unknown = _format_kind(wanted.get("type")) is None
        left = wanted if unknown else remainder(wanted, set(FormatFields.__struct_fields__))
        rest |= {"format": left} if left else {}
    return rest


def _format_kind(name: JSONValue) -> Literal["text", "json_object", "json_schema"] | None:
    return "json_schema" if name == "json_schema" else _FORMAT_KINDS.get(name)


def sampling(body: RequestBody) -> Sampling:
    return Sampling(
        temperature=body.temperature,
        top_p=body.top_p,
        logprobs=True if body.include and _LOGPROBS in body.include else None,
        top_logprobs=body.top_logprobs,
    )


def limits_of(body: RequestBody) -> Limits:
    return Limits(max_output_tokens=body.max_output_tokens, max_tool_calls=body.max_tool_calls)


def reasoning(body: RequestBody) -> Reasoning | None:
    if body.reasoning is None:
        return None
    return Reasoning(effort=body.reasoning.effort, display=body.reasoning.summary)


def output(body: RequestBody) -> Output:
    text = body.text
    if text is None:
        return Output()
    return Output(format=_output_format(text.format), verbosity=text.verbosity)


def _output_format(wanted: FormatFields | None) -> OutputFormat | None:
    """None for a format this version does not know; it stays an extension."""
    kind = None if wanted is None else _format_kind(wanted.type)
    if wanted is None or kind is None:
        return None
    return OutputFormat(
        kind=kind,
        name=wanted.name,
        description=wanted.description,
        schema=wanted.schema,
        strict=wanted.strict,
    )


def cache(body: RequestBody) -> CacheOptions | None:
    if body.prompt_cache_key is None and body.prompt_cache_options is None:
        return None
    return CacheOptions(key=body.prompt_cache_key, options=body.prompt_cache_options)


def identity(body: RequestBody) -> Identity:
    return Identity(
        user=body.user, safety_identifier=body.safety_identifier, metadata=body.metadata
    )


def conversation(body: RequestBody) -> Conversation:
    return Conversation(store=body.store, previous_response_id=body.previous_response_id)


def stream_options(body: RequestBody) -> StreamOptions:
    return StreamOptions(enabled=body.stream is True)
