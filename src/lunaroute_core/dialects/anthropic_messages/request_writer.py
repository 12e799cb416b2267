"""Writes a request whose content is all Anthropic's: `request_decoder` the other way round.

What reading kept in extensions is written where it stood, so that a request which was
decoded is encoded as the same JSON.
"""

from msgspec import Struct
from msgspec.json import encode
from msgspec.structs import asdict

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


class _Body(Struct, omit_defaults=True, kw_only=True):
    """The fields in the order they are written: what stays from turn to turn comes first."""

    model: str
    max_tokens: int | None = None
    tools: list[JSONObject] | None = None
    tool_choice: JSONObject | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    service_tier: str | None = None
    thinking: JSONObject | None = None
    output_format: JSONObject | None = None
    output_config: JSONObject | None = None
    metadata: JSONObject | None = None
    cache_control: JSONObject | None = None
    system: JSONValue = None
    messages: list[JSONObject]
    stream: bool = False


def write_messages_request(request: NormalizedRequest) -> bytes:
    """The body."""
    sampling, reasoning, user = request.sampling, request.reasoning, request.identity.user
    own = DIALECT in request.extensions
    beta = own and _is_beta_format(request)
    body = _Body(
        model=request.model,
        max_tokens=request.limits.max_output_tokens,
        tools=[write_tool(tool) for tool in request.tools] or None,
        tool_choice=write_tool_choice(request.tool_choice, parallel=request.parallel_tool_calls),
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        stop_sequences=sampling.stop,
        service_tier=request.tier,
        thinking=None if reasoning is None else _write_thinking(reasoning),
        output_format=_write_format(request) if beta else None,
        output_config=_write_output_config(request, beta=beta),
        metadata=None if user is None else {"user_id": user},
        cache_control=None if request.cache is None else write_cache_mark(request.cache.mark),
        system=write_content(request.instructions, request.extensions, key="system"),
        messages=[_write_turn(turn) for turn in request.turns],
        stream=request.stream.enabled,
    )
    return encode(_restored(body, request) if own else body)


def _write_turn(turn: Message) -> JSONObject:
    """One message; what tools answered is the user's."""
    written: JSONObject = {"role": "user" if turn.role == "tool" else turn.role}
    content = write_content(turn.blocks, turn.extensions, key="content")
    if content is not None:
        written["content"] = content
    return restored(written, turn.extensions)


def _write_thinking(reasoning: Reasoning) -> JSONObject | None:
    thinking: JSONObject = {
        "type": reasoning.mode,
        "budget_tokens": reasoning.budget_tokens,
        "display": reasoning.display,
    }
    return {key: value for key, value in thinking.items() if value is not None} or None


def _write_output_config(request: NormalizedRequest, *, beta: bool) -> JSONObject | None:
    if request.reasoning is None and request.output.format is None:
        return None
    config: JSONObject = {}
    if request.reasoning is not None and request.reasoning.effort is not None:
        config["effort"] = request.reasoning.effort
    if not beta and (form := _write_format(request)) is not None:
        config["format"] = form
    return config or None


def _write_format(request: NormalizedRequest) -> JSONObject | None:
    given = request.output.format
    if given is None or given.kind != "json_schema":
        return None
    return {"type": "json_schema", "schema": given.schema or {}}


def _is_beta_format(request: NormalizedRequest) -> bool:
    """Whether the format came in the field that it had at first."""
    kept = request.extensions.get(DIALECT, {}).get(_BETA_FORMAT)
    return isinstance(kept, dict) and kept.get("form") == "beta"


def _restored(body: _Body, request: NormalizedRequest) -> JSONObject:
    fields = asdict(body).items()
    written: JSONObject = {key: it for key, it in fields if it is not None and it is not False}
    whole = restored(written, request.extensions)
    if _is_beta_format(request) and isinstance(form := whole[_BETA_FORMAT], dict):
        whole[_BETA_FORMAT] = {key: value for key, value in form.items() if key != "form"}
    return whole
