"""A request whose content is all Chat's as its body: `request_decoding` the other way round.

What reading kept in extensions is written where it stood, so that a request which was decoded
is encoded as the same JSON.
"""

from typing import cast

import msgspec
from msgspec import UNSET

from lunaroute_core.dialects.openai_chat.extensions import form_of, restored
from lunaroute_core.dialects.openai_chat.part_writing import given
from lunaroute_core.dialects.openai_chat.tool_writing import write_tool_choice, write_tools
from lunaroute_core.dialects.openai_chat.turn_writing import write_messages
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import NormalizedRequest, Output, OutputFormat, Sampling


def write_request(request: NormalizedRequest) -> bytes:
    """The body. What stays the same from turn to turn comes first."""
    form = form_of(request.extensions)
    body: JSONObject = {
        "model": request.model,
        **write_tools(request.tools, form),
        **write_tool_choice(request.tool_choice, form),
        **given(parallel_tool_calls=request.parallel_tool_calls),
        **_write_settings(request, form),
        "messages": write_messages(request),
        **_write_stream(request, form),
    }
    return msgspec.json.encode(restored(body, request.extensions))


def _write_settings(request: NormalizedRequest, form: JSONObject) -> JSONObject:
    reasoning, identity, cache = request.reasoning, request.identity, request.cache
    older = form.get("max_output_tokens") == "max_tokens"
    limit = "max_tokens" if older else "max_completion_tokens"
    settings = {
        **given(**{limit: request.limits.max_output_tokens}),
        **_write_sampling(request.sampling, form),
        **given(reasoning_effort=None if reasoning is None else reasoning.effort),
        **_write_output(request.output),
        **given(
            prompt_cache_key=None if cache is None else cache.key,
            prompt_cache_options=None if cache is None else cache.options,
            user=identity.user,
            safety_identifier=identity.safety_identifier,
            metadata=identity.metadata,
            service_tier=request.tier,
        ),
    }
    if request.conversation.store is not UNSET:
        settings["store"] = request.conversation.store
    return settings


def _write_sampling(sampling: Sampling, form: JSONObject) -> JSONObject:
    stop: JSONValue = None if sampling.stop is None else [*sampling.stop]
    if form.get("stop") == "string" and sampling.stop:
        stop = sampling.stop[0]
    return given(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        presence_penalty=sampling.presence_penalty,
        frequency_penalty=sampling.frequency_penalty,
        seed=sampling.seed,
        stop=stop,
        logit_bias=cast("JSONObject | None", sampling.logit_bias),
        n=sampling.n,
        logprobs=sampling.logprobs,
        top_logprobs=sampling.top_logprobs,
    )


def _write_output(output: Output) -> JSONObject:
    modalities: JSONValue = None if output.modalities is None else [*output.modalities]
    return given(
        response_format=None if output.format is None else _write_format(output.format),
        verbosity=output.verbosity,
        modalities=modalities,
        audio=output.audio,
    )


def _write_format(wanted: OutputFormat) -> JSONObject:
    if wanted.kind != "json_schema":
        return {"type": wanted.kind}
    inner = given(name=wanted.name, description=wanted.description, schema=wanted.schema)
    if wanted.strict is not UNSET:
        inner["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": inner}


def _write_stream(request: NormalizedRequest, form: JSONObject) -> JSONObject:
    fields: JSONObject = {}
    if request.stream.enabled or form.get("stream") == "false":
        fields["stream"] = request.stream.enabled
    options = given(include_usage=request.stream.include_usage)
    if options or form.get("stream_options") == "empty":
        fields["stream_options"] = options
    return fields
