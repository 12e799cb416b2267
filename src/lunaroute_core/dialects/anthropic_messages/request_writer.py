"""Writes a request whose content is all Anthropic's: `request_decoder` the other way round.

What reading kept in extensions is written where it stood, so that a request which was
decoded is encoded as the same JSON.
"""

import msgspec

from lunaroute_core.dialects.anthropic_messages.content_writer import (
    restored,
    write_cache_mark,
    write_content,
)
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.tool_writer import write_tool, write_tool_choice
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Message, NormalizedRequest, Reasoning

_BETA_FORMAT = "output_format"


def write_messages_request(request: NormalizedRequest) -> bytes:
    """The body. What stays the same from turn to turn comes first."""
    body: JSONObject = {"model": request.model}
    body |= _given(max_tokens=request.limits.max_output_tokens)
    if request.tools:
        body["tools"] = [write_tool(tool) for tool in request.tools]
    body |= write_tool_choice(request.tool_choice, parallel=request.parallel_tool_calls)
    body |= _write_settings(request)
    body |= write_content(request.instructions, request.extensions, key="system")
    body["messages"] = [_write_turn(turn) for turn in request.turns]
    if request.stream.enabled:
        body["stream"] = True
    return msgspec.json.encode(_restored_request(body, request))


def _write_turn(turn: Message) -> JSONObject:
    """One message; what tools answered is the user's."""
    role = "user" if turn.role == "tool" else turn.role
    written = {"role": role, **write_content(turn.blocks, turn.extensions, key="content")}
    return restored(written, turn.extensions)


def _write_settings(request: NormalizedRequest) -> JSONObject:
    sampling = request.sampling
    stop: JSONValue = None if sampling.stop is None else [*sampling.stop]
    settings = _given(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        stop_sequences=stop,
        service_tier=request.tier,
    )
    settings |= _write_thinking(request.reasoning)
    settings |= _write_output(request)
    if request.identity.user is not None:
        settings["metadata"] = {"user_id": request.identity.user}
    if request.cache is not None:
        settings |= write_cache_mark(request.cache.mark)
    return settings


def _write_thinking(reasoning: Reasoning | None) -> JSONObject:
    if reasoning is None:
        return {}
    thinking = _given(
        type=reasoning.mode, budget_tokens=reasoning.budget_tokens, display=reasoning.display
    )
    return {"thinking": thinking} if thinking else {}


def _write_output(request: NormalizedRequest) -> JSONObject:
    """`output_config`, and the format in the field it came in."""
    config: JSONObject = {}
    if request.reasoning is not None and request.reasoning.effort is not None:
        config["effort"] = request.reasoning.effort
    given = request.output.format
    written: JSONObject = {}
    if given is not None and given.kind == "json_schema":
        form: JSONObject = {"type": "json_schema", "schema": given.schema or {}}
        if _is_beta_format(request):
            written[_BETA_FORMAT] = form
        else:
            config["format"] = form
    return {**written, "output_config": config} if config else written


def _is_beta_format(request: NormalizedRequest) -> bool:
    kept = request.extensions.get(DIALECT, {}).get(_BETA_FORMAT)
    return isinstance(kept, dict) and kept.get("form") == "beta"


def _restored_request(body: JSONObject, request: NormalizedRequest) -> JSONObject:
    whole = restored(body, request.extensions)
    if _is_beta_format(request) and isinstance(form := whole[_BETA_FORMAT], dict):
        whole[_BETA_FORMAT] = {key: value for key, value in form.items() if key != "form"}
    return whole


def _given(**fields: JSONValue) -> JSONObject:
    return {key: value for key, value in fields.items() if value is not None}
