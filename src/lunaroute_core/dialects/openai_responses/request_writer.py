"""Writes a request whose content is all of this dialect: decoding the other way round.

What decoding kept in extensions is written where it stood, so that a request which was
decoded is encoded as the same JSON.
"""

import msgspec
from msgspec import UNSET

from lunaroute_core.dialects.openai_responses.fields import STRING_FORM, item_head, restored
from lunaroute_core.dialects.openai_responses.input_writer import write_items
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.namespaces import write_request_tools
from lunaroute_core.dialects.openai_responses.tools import write_request_choice
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    Block,
    CacheOptions,
    Message,
    NormalizedRequest,
    Output,
    OutputFormat,
    Reasoning,
    TextBlock,
)


def write_request(request: NormalizedRequest) -> bytes:
    """The body. What stays the same from turn to turn comes first."""
    instructions, leading = _instructions(request)
    body: JSONObject = {
        "model": request.model,
        **_given(instructions=instructions),
        **_tools(request),
        **_settings(request),
        **_given(input=_input(leading, request)),
        **_given(stream=request.stream.enabled or None),
    }
    return msgspec.json.encode(restored(body, request.extensions))


def _given(**fields: JSONValue) -> JSONObject:
    return {key: value for key, value in fields.items() if value is not None}


def _instructions(request: NormalizedRequest) -> tuple[str | None, list[Block]]:
    """The `instructions` field, and the leading blocks that are items."""
    match request.instructions:
        case [TextBlock() as first, *rest] if item_head(first) is None:
            return first.text, rest
        case blocks:
            return None, blocks


def _input(leading: list[Block], request: NormalizedRequest) -> JSONValue:
    match request.turns:
        case [Message(blocks=[TextBlock(text=text)])] if not leading and _is_string(request):
            return text
        case turns:
            return write_items(leading, turns) or None


def _is_string(request: NormalizedRequest) -> bool:
    return request.extensions.get(DIALECT, {}).get("input") == STRING_FORM


def _tools(request: NormalizedRequest) -> JSONObject:
    choice = request.tool_choice
    tools = write_request_tools(request.tools)
    return {
        **_given(tools=tools or None),
        **_given(tool_choice=choice and write_request_choice(choice)),
        **_given(parallel_tool_calls=request.parallel_tool_calls),
    }


def _settings(request: NormalizedRequest) -> JSONObject:
    identity, sampling = request.identity, request.sampling
    settings = _given(
        max_output_tokens=request.limits.max_output_tokens,
        max_tool_calls=request.limits.max_tool_calls,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_logprobs=sampling.top_logprobs,
        reasoning=_reasoning(request.reasoning),
        text=_text(request.output),
        user=identity.user,
        safety_identifier=identity.safety_identifier,
        metadata=identity.metadata,
        service_tier=request.tier,
        previous_response_id=request.conversation.previous_response_id,
        **_cache(request.cache),
    )
    store = request.conversation.store
    return settings if store is UNSET else {**settings, "store": store}


def _cache(cache: CacheOptions | None) -> JSONObject:
    if cache is None:
        return {}
    return {"prompt_cache_key": cache.key, "prompt_cache_options": cache.options}


def _reasoning(reasoning: Reasoning | None) -> JSONValue:
    if reasoning is None:
        return None
    return _given(effort=reasoning.effort, summary=reasoning.display)


def _text(output: Output) -> JSONValue:
    text = _given(verbosity=output.verbosity)
    if output.format is not None:
        text["format"] = _format(output.format)
    return text or None


def _format(wanted: OutputFormat) -> JSONObject:
    written = _given(
        type=wanted.kind,
        name=wanted.name,
        description=wanted.description,
        schema=wanted.schema,
    )
    return written if wanted.strict is UNSET else {**written, "strict": wanted.strict}
