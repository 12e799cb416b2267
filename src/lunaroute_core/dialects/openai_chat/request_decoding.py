"""A whole request: every field mapped, the rest kept in extensions."""

import math

import msgspec

from lunaroute_core.dialects.openai_chat.extensions import DIALECT, extensions
from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.dialects.openai_chat.message_decoding import MessageReader
from lunaroute_core.dialects.openai_chat.tool_decoding import (
    decode_tool_choice,
    decode_tools,
    three_state,
)
from lunaroute_core.dialects.request_json import (
    check_bytes,
    check_range,
    missing_field,
    read_request,
)
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

_DECODER = msgspec.json.Decoder(JSONObject)


def decode_request(body: bytes, *, limits: RequestLimits) -> NormalizedRequest:
    """Read a body whole.

    Raises:
        InvalidRequestError: it is malformed, or a value is out of range or over a limit.
    """
    fields = Fields.of(read_request(_DECODER, body), path="")
    form = _form(fields)
    messages = _messages(fields, limits)
    legacy = fields.peek("tools") is None and fields.peek("functions") is not None
    effort = fields.text("reasoning_effort")
    return NormalizedRequest(
        model=_model(fields, limits),
        source=RequestSource(dialect=DIALECT, legacy_functions=legacy),
        instructions=messages.instructions,
        turns=messages.turns,
        tools=decode_tools(fields),
        tool_choice=decode_tool_choice(fields),
        parallel_tool_calls=fields.flag("parallel_tool_calls"),
        limits=Limits(max_output_tokens=_max_output_tokens(fields, form, limits)),
        sampling=_sampling(fields, form, limits),
        reasoning=Reasoning(effort=effort) if effort is not None else None,
        output=_output(fields),
        cache=_cache(fields),
        identity=_identity(fields),
        tier=fields.text("service_tier"),
        conversation=Conversation(store=three_state(fields, "store")),
        stream=_stream(fields),
        extensions=extensions(fields.left, form),
    )


def _form(fields: Fields) -> JSONObject:
    """What was written though it says nothing: empty lists, a stream that is none."""
    form: JSONObject = {
        key: "empty"
        for key in ("tools", "functions", "stream_options")
        if fields.peek(key) in ([], {})
    }
    if fields.peek("stream") is False:
        form["stream"] = "false"
    if fields.peek("tool_choice") is None and fields.peek("function_call") is not None:
        form["tool_choice"] = "function_call"
    return form


def _model(fields: Fields, limits: RequestLimits) -> str:
    model = fields.needed_text("model")
    if not model:
        raise InvalidRequestError("model: must not be empty", param="model")
    check_bytes(model, limits.max_model_bytes, param="model")
    return model


def _messages(fields: Fields, limits: RequestLimits) -> MessageReader:
    messages = fields.array("messages")
    if messages is None:
        raise missing_field("messages")
    if not 1 <= len(messages) <= limits.max_messages:
        raise InvalidRequestError(
            f"messages: must hold 1 to {limits.max_messages} messages, got {len(messages)}",
            param="messages",
        )
    reader = MessageReader(limits)
    for at, message in enumerate(messages):
        reader.read(message, path=f"messages[{at}]")
    return reader


def _max_output_tokens(fields: Fields, form: JSONObject, limits: RequestLimits) -> int | None:
    """`max_completion_tokens`, else the older `max_tokens`, which stays left over beside it."""
    most = limits.max_output_tokens
    current = _count(fields, "max_completion_tokens", most=most)
    if current is None:
        older = _count(fields, "max_tokens", most=most)
        if older is not None:
            form["max_output_tokens"] = "max_tokens"
        return older
    return current


def _count(fields: Fields, key: str, *, most: int | None) -> int | None:
    value = fields.integer(key)
    if value is not None and value < 1:
        raise InvalidRequestError(f"{fields.at(key)}: must be at least 1", param=fields.at(key))
    check_range(value, 1, math.inf if most is None else most, param=fields.at(key))
    return value


def _sampling(fields: Fields, form: JSONObject, limits: RequestLimits) -> Sampling:
    return Sampling(
        temperature=_ranged(fields, "temperature", 0, 2),
        top_p=_ranged(fields, "top_p", 0, 1),
        presence_penalty=_ranged(fields, "presence_penalty", -2, 2),
        frequency_penalty=_ranged(fields, "frequency_penalty", -2, 2),
        seed=fields.integer("seed"),
        stop=_stop(fields, form),
        logit_bias=_logit_bias(fields),
        n=_count(fields, "n", most=limits.max_choices),
        logprobs=fields.flag("logprobs"),
        top_logprobs=_top_logprobs(fields),
    )


def _ranged(fields: Fields, key: str, low: float, high: float) -> float | None:
    value = fields.number(key)
    check_range(value, low, high, param=fields.at(key))
    return value


def _top_logprobs(fields: Fields) -> int | None:
    value = fields.integer("top_logprobs")
    check_range(value, 0, 20, param="top_logprobs")
    return value


def _stop(fields: Fields, form: JSONObject) -> list[str] | None:
    if not isinstance(fields.peek("stop"), str):
        return fields.texts("stop")
    form["stop"] = "string"
    return [fields.needed_text("stop")]


def _logit_bias(fields: Fields) -> dict[str, float] | None:
    values = fields.object("logit_bias")
    if values is None:
        return None
    biases = Fields.of(values, path="logit_bias")
    bias: dict[str, float] = {}
    for token in values:
        value = _ranged(biases, token, -100, 100)
        if value is None:
            raise missing_field(biases.at(token))
        bias[token] = value
    return bias


def _output(fields: Fields) -> Output:
    return Output(
        format=_format(fields),
        verbosity=fields.text("verbosity"),
        modalities=fields.texts("modalities"),
        audio=fields.object("audio"),
    )


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


def _cache(fields: Fields) -> CacheOptions | None:
    key = fields.text("prompt_cache_key")
    options = fields.object("prompt_cache_options")
    return None if key is None and options is None else CacheOptions(key=key, options=options)


def _identity(fields: Fields) -> Identity:
    return Identity(
        user=fields.text("user"),
        safety_identifier=fields.text("safety_identifier"),
        metadata=fields.object("metadata"),
    )


def _stream(fields: Fields) -> StreamOptions:
    options = fields.fields("stream_options")
    include_usage = options.flag("include_usage") if options is not None else None
    return StreamOptions(enabled=bool(fields.flag("stream")), include_usage=include_usage)
