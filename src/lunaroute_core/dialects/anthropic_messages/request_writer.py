"""Writes a request whose content is all Anthropic's: `request_decoder` the other way round.

What reading kept in extensions is written where it stood, so that a request which was
decoded is encoded as the same JSON.
"""

from msgspec.json import encode

from lunaroute_core.dialects.anthropic_messages.content_writer import (
    restored,
    write_cache_mark,
    write_content,
)
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.tool_writer import write_tool, write_tool_choice
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import Message, NormalizedRequest, OutputFormat, Reasoning

_BETA_FORMAT = "output_format"


def write_messages_request(  # noqa: C901, PLR0912 - one for each field
    request: NormalizedRequest,
) -> bytes:
    """The body, whose fields stand in this order: what stays from turn to turn comes first."""
    sampling, reasoning, output = request.sampling, request.reasoning, request.output
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    own = DIALECT in request.extensions
    beta = own and _is_beta_format(request)
    body: JSONObject = {"model": request.model}
    if request.limits.max_output_tokens is not None:
        body["max_tokens"] = request.limits.max_output_tokens
    if request.tools:
        body["tools"] = [*map(write_tool, request.tools)]
    if choice is not None or parallel is not None:
        body["tool_choice"] = write_tool_choice(choice, parallel=parallel)
    if sampling.temperature is not None:
        body["temperature"] = sampling.temperature
    if sampling.top_p is not None:
        body["top_p"] = sampling.top_p
    if sampling.top_k is not None:
        body["top_k"] = sampling.top_k
    if sampling.stop is not None:
        body["stop_sequences"] = [*sampling.stop]
    if request.tier is not None:
        body["service_tier"] = request.tier
    if reasoning is not None:
        body |= _write_thinking(reasoning)
    if reasoning is not None or output.format is not None:
        body |= _write_output(reasoning, output.format, beta=beta)
    if request.identity.user is not None:
        body["metadata"] = {"user_id": request.identity.user}
    if request.cache is not None and request.cache.mark is not None:
        body["cache_control"] = write_cache_mark(request.cache.mark)
    if request.instructions or own:
        system = write_content(request.instructions, request.extensions, key="system")
        if system is not None:
            body["system"] = system
    body["messages"] = [*map(_write_turn, request.turns)]
    if request.stream.enabled:
        body["stream"] = True
    return encode(_restored(body, request, beta=beta) if own else body)


def _write_turn(turn: Message) -> JSONObject:
    """One message; what tools answered is the user's."""
    written: JSONObject = {"role": "user" if turn.role == "tool" else turn.role}
    content = write_content(turn.blocks, turn.extensions, key="content")
    if content is not None:
        written["content"] = content
    return restored(written, turn.extensions) if turn.extensions else written


def _write_thinking(reasoning: Reasoning) -> JSONObject:
    """`thinking`, where something is said of it."""
    thinking: JSONObject = {
        "type": reasoning.mode,
        "budget_tokens": reasoning.budget_tokens,
        "display": reasoning.display,
    }
    given: JSONObject = {key: value for key, value in thinking.items() if value is not None}
    return {"thinking": given} if given else {}


def _write_output(
    reasoning: Reasoning | None, given: OutputFormat | None, *, beta: bool
) -> JSONObject:
    """`output_config`, and the format in the field that it had at first if it came so."""
    written: JSONObject = {}
    config: JSONObject = {}
    if reasoning is not None and reasoning.effort is not None:
        config["effort"] = reasoning.effort
    if given is not None and given.kind == "json_schema":
        form: JSONObject = {"type": "json_schema", "schema": given.schema or {}}
        if beta:
            written[_BETA_FORMAT] = form
        else:
            config["format"] = form
    if config:
        written["output_config"] = config
    return written


def _is_beta_format(request: NormalizedRequest) -> bool:
    """Whether the format came in the field that it had at first."""
    kept = request.extensions[DIALECT].get(_BETA_FORMAT)
    return isinstance(kept, dict) and kept.get("form") == "beta"


def _restored(body: JSONObject, request: NormalizedRequest, *, beta: bool) -> JSONObject:
    whole = restored(body, request.extensions)
    if beta and isinstance(form := whole[_BETA_FORMAT], dict):
        whole[_BETA_FORMAT] = {key: value for key, value in form.items() if key != "form"}
    return whole
