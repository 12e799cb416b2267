"""The response object: the answer's envelope, which echoes most of the request.

What the SDK's type requires is always there; the rest is what the vendor sends of an
answer made in one go. `store` says whether the gateway keeps it: no vendor does.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec import UNSET

from lunaroute_core.dialects.openai_responses.fields import item_head, own_fields
from lunaroute_core.dialects.openai_responses.finish import (
    COMPLETED,
    FAILED,
    INCOMPLETE,
    written_finish,
)
from lunaroute_core.dialects.openai_responses.ids import response_id
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.namespaces import write_answer_tools
from lunaroute_core.dialects.openai_responses.tools import write_tool_choice
from lunaroute_core.dialects.openai_responses.usage import write_usage
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Finish,
    NormalizedRequest,
    NormalizedResponse,
    OutputFormat,
    TextBlock,
)

Clock: TypeAlias = Callable[[], float]
"""Unix time in seconds."""


def response_status(finish: Finish | None) -> str:
    return "in_progress" if finish is None else written_finish(finish.reason)[0]


def last_item_status(finish: Finish | None) -> str:
    """What cut the answer short cut its last item; items before it are complete."""
    return COMPLETED if response_status(finish) == COMPLETED else INCOMPLETE


def write_response(
    answer: NormalizedResponse,
    *,
    request: NormalizedRequest,
    output: Sequence[JSONObject],
    now: float,
) -> JSONObject:
    """The object for an answer with these items; without a finish it is still in progress.

    `now` is Unix time in seconds.
    """
    status = response_status(answer.finish)
    return {
        "id": response_id(answer.id),
        "object": "response",
        "created_at": answer.created if answer.created is not None else int(now),
        "status": status,
        "background": False,
        "completed_at": int(now) if status == COMPLETED else None,
        "error": _error(status, answer.finish),
        "incomplete_details": _incomplete_details(status, answer.finish),
        "model": answer.model,
        "output": list(output),
        "usage": None
        if answer.usage is None or answer.finish is None
        else write_usage(answer.usage),
        **_echo(request),
        "store": answer.stored,
        **own_fields(answer.extensions),
    }


def _error(status: str, finish: Finish | None) -> JSONObject | None:
    if status != FAILED or finish is None:
        return None
    return finish.details or {"code": "server_error", "message": "the model failed"}


def _incomplete_details(status: str, finish: Finish | None) -> JSONObject | None:
    if status != INCOMPLETE or finish is None:
        return None
    word = (finish.details or {}).get("reason")
    return {"reason": word if isinstance(word, str) else written_finish(finish.reason)[1]}


def _echo(request: NormalizedRequest) -> JSONObject:
    sampling, identity, cache = request.sampling, request.identity, request.cache
    return {
        "instructions": _instructions(request),
        "max_output_tokens": request.limits.max_output_tokens,
        "max_tool_calls": request.limits.max_tool_calls,
        "metadata": identity.metadata or {},
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.conversation.previous_response_id,
        "prompt_cache_key": cache.key if cache else None,
        "reasoning": _reasoning(request),
        "safety_identifier": identity.safety_identifier,
        "service_tier": None,
        "temperature": 1.0 if sampling.temperature is None else sampling.temperature,
        "text": _text(request),
        "tool_choice": write_tool_choice(request),
        "tools": write_answer_tools(request.tools),
        "top_logprobs": sampling.top_logprobs or 0,
        "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
        "truncation": request.extensions.get(DIALECT, {}).get("truncation") or "disabled",
        "user": identity.user,
    }


def _instructions(request: NormalizedRequest) -> str | None:
    """The `instructions` field; leading system items are not part of it."""
    texts = [
        block.text
        for block in request.instructions
        if isinstance(block, TextBlock) and item_head(block) is None
    ]
    return "\n\n".join(texts) or None


def _reasoning(request: NormalizedRequest) -> JSONObject:
    reasoning = request.reasoning
    if reasoning is None or request.source.dialect != DIALECT:
        return {"effort": None, "summary": None}
    return {"effort": reasoning.effort, "summary": reasoning.display}


def _text(request: NormalizedRequest) -> JSONObject:
    return {
        "format": _format(request.output.format or OutputFormat()),
        "verbosity": request.output.verbosity or "medium",
    }


def _format(wanted: OutputFormat) -> JSONObject:
    if wanted.kind != "json_schema":
        return {"type": wanted.kind}
    return {
        "type": "json_schema",
        "name": wanted.name or "response",
        "description": wanted.description,
        "schema": wanted.schema or {},
        "strict": None if wanted.strict is UNSET else wanted.strict,
    }
