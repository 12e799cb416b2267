"""Reads a request body into the normalized request, losing nothing.

What the normalized model has no place for is kept in `extensions["anthropic_messages"]` of
the element it stood in, under the vendor's own keys: unknown fields, explicit nulls, empty
lists, and `STRING_FORM` where a string stood for a list of blocks.
"""

from typing import Literal

from msgspec import Raw

from lunaroute_core.dialects.anthropic_messages.blocks import (
    STRING_FORM,
    read_cache_mark,
    read_content,
)
from lunaroute_core.dialects.anthropic_messages.fields import (
    FLAG,
    INTEGER,
    NUMBER,
    OBJECT,
    RAW_LIST,
    TEXT,
    TEXTS,
    JSONFields,
)
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.tools import read_tool_choice, read_tools
from lunaroute_core.dialects.request_json import check_bytes, check_range, missing_field
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.headers import Headers, find_header
from lunaroute_core.model import (
    CacheOptions,
    Identity,
    Limits,
    Message,
    NormalizedRequest,
    Output,
    OutputFormat,
    Reasoning,
    RequestSource,
    Sampling,
    StreamOptions,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from lunaroute_core.request_limits import RequestLimits

_ROLES: dict[str, Literal["user", "assistant", "system"]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
}
_THINKING: dict[str, Literal["enabled", "adaptive", "disabled", "between_tools"]] = {
    "enabled": "enabled",
    "adaptive": "adaptive",
    "disabled": "disabled",
    "between_tools": "between_tools",
}


def read_messages_request(
    body: bytes, *, headers: Headers, limits: RequestLimits
) -> NormalizedRequest:
    """The body of `/v1/messages`, or of `/v1/messages/count_tokens`.

    The two differ in `max_tokens`, which the vendor requires of the former and the latter
    does not have; so it may be absent here.

    Raises:
        InvalidRequestError: not a request, or past a limit; `param` names the field.
    """
    fields = JSONFields(body)
    choice, parallel = read_tool_choice(fields)
    request = NormalizedRequest(
        model=fields.require("model", TEXT),
        source=_read_source(headers),
        instructions=read_content(fields, "system"),
        turns=_read_turns(fields, limits),
        tools=read_tools(fields),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        limits=_read_limits(fields, limits),
        sampling=_read_sampling(fields),
        reasoning=_read_reasoning(fields),
        output=_read_output(fields),
        cache=_read_cache(fields),
        identity=_read_identity(fields),
        tier=fields.take("service_tier", TEXT),
        stream=_read_stream(fields),
    )
    check_model(request.model, limits)
    request.extensions = fields.extensions()
    return request


def check_model(model: str, limits: RequestLimits) -> None:
    """Raises InvalidRequestError for an empty model name or one past the limit."""
    if not model:
        raise InvalidRequestError("model: must not be empty", param="model")
    check_bytes(model, limits.max_model_bytes, param="model")


def _read_source(headers: Headers) -> RequestSource:
    betas = [
        token.strip()
        for name, value in headers
        if name.lower() == b"anthropic-beta"
        for token in value.decode("latin-1").split(",")
    ]
    return RequestSource(
        dialect=DIALECT,
        version=find_header(headers, b"anthropic-version"),
        betas=[token for token in betas if token],
    )


def _read_turns(fields: JSONFields, limits: RequestLimits) -> list[Message]:
    raw = fields.require("messages", RAW_LIST)
    if not 1 <= len(raw) <= limits.max_messages:
        reason = f"must hold between 1 and {limits.max_messages} messages, got {len(raw)}"
        raise InvalidRequestError(f"messages: {reason}", param="messages")
    return [_read_turn(turn, f"messages[{index}]", limits) for index, turn in enumerate(raw)]


def _read_turn(raw: Raw, path: str, limits: RequestLimits) -> Message:
    """One message.

    A user's message that holds any tool result is one `tool` turn, with all its blocks in
    the order they came in: text before and after the results included.
    """
    fields = JSONFields(raw, path=path)
    role = _ROLES.get(given := fields.require("role", TEXT))
    if role is None:
        reason = f"must be user, assistant or system, got {given!r}"
        raise InvalidRequestError(f"{path}.role: {reason}", param=f"{path}.role")
    message = Message(role=role, blocks=read_content(fields, "content"))
    message.extensions = fields.extensions()
    _check_content(message, path, limits)
    if role == "user" and any(isinstance(block, ToolResultBlock) for block in message.blocks):
        message.role = "tool"
    return message


def _check_content(message: Message, path: str, limits: RequestLimits) -> None:
    left = message.extensions.get(DIALECT, {})
    if not message.blocks and message.role != "system" and left.get("content") is None:
        raise missing_field(f"{path}.content")
    for index, block in enumerate(message.blocks):
        if isinstance(block, TextBlock) and left.get("content") == STRING_FORM:
            check_bytes(block.text, limits.max_string_bytes, param=f"{path}.content")
        elif isinstance(block, ToolCallBlock):
            param = f"{path}.content[{index}].input"
            check_bytes(block.raw_arguments, limits.max_tool_arguments_bytes, param=param)


def _read_limits(fields: JSONFields, limits: RequestLimits) -> Limits:
    """`max_tokens`; 0 fills the prompt cache and generates nothing."""
    max_tokens = fields.take("max_tokens", INTEGER)
    most = limits.max_output_tokens
    if max_tokens is not None and (max_tokens < 0 or (most is not None and max_tokens > most)):
        reason = "must not be negative" if max_tokens < 0 else f"must not be greater than {most}"
        raise InvalidRequestError(f"max_tokens: {reason}, got {max_tokens}", param="max_tokens")
    return Limits(max_output_tokens=max_tokens)


def _read_sampling(fields: JSONFields) -> Sampling:
    sampling = Sampling(
        temperature=fields.take("temperature", NUMBER),
        top_p=fields.take("top_p", NUMBER),
        top_k=fields.take("top_k", INTEGER),
        stop=fields.take("stop_sequences", TEXTS),
    )
    check_range(sampling.temperature, 0, 1, param="temperature")
    check_range(sampling.top_p, 0, 1, param="top_p")
    if sampling.top_k is not None and sampling.top_k < 0:
        raise InvalidRequestError("top_k: must not be negative", param="top_k")
    return sampling


def _read_reasoning(fields: JSONFields) -> Reasoning | None:
    """`thinking`, and `output_config.effort`, which governs thinking too."""
    effort = None
    if (config := fields.take_object("output_config")) is not None:
        effort = config.take("effort", TEXT)
    thinking = fields.take_object("thinking")
    if thinking is None:
        return None if effort is None else Reasoning(effort=effort)
    mode = _THINKING.get(kind := thinking.require("type", TEXT))
    if mode is None:
        thinking.keep("type", kind)
    return Reasoning(
        mode=mode,
        effort=effort,
        budget_tokens=thinking.take("budget_tokens", INTEGER),
        display=thinking.take("display", TEXT),
    )


def _read_output(fields: JSONFields) -> Output:
    """`output_config.format`, or `output_format`, the field's name in an earlier beta."""
    config = fields.take_object("output_config")
    if config is not None and (given := config.take_object("format")) is not None:
        return Output(format=_read_format(given))
    if (given := fields.take_object("output_format")) is not None:
        given.keep("form", "beta")
        return Output(format=_read_format(given))
    return Output()


def _read_format(given: JSONFields) -> OutputFormat | None:
    kind = given.require("type", TEXT)
    if kind == "json_schema":
        return OutputFormat(kind=kind, schema=given.require("schema", OBJECT))
    given.keep("type", kind)
    return None


def _read_cache(fields: JSONFields) -> CacheOptions | None:
    mark = read_cache_mark(fields)
    return None if mark is None else CacheOptions(mark=mark)


def _read_stream(fields: JSONFields) -> StreamOptions:
    """`stream`; that it is false is kept apart from its absence."""
    stream = fields.take("stream", FLAG)
    if stream is False:
        fields.keep("stream", stream)
    return StreamOptions(enabled=bool(stream))


def _read_identity(fields: JSONFields) -> Identity:
    metadata = fields.take_object("metadata")
    return Identity(user=None if metadata is None else metadata.take("user_id", TEXT))
