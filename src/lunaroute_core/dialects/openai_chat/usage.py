"""Chat's token counts, which include what the normalized ones keep apart."""

from collections.abc import Mapping

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import CacheWrites, Usage

_PROMPT = "prompt_tokens_details"
_COMPLETION = "completion_tokens_details"
_MODELLED: Mapping[str, frozenset[str]] = {
    _PROMPT: frozenset({"cached_tokens", "cache_write_tokens"}),
    _COMPLETION: frozenset({"reasoning_tokens"}),
}
"""The details that are no details in `Usage`."""


def read_usage(value: JSONValue) -> Usage | None:
    """A `usage` object; None for anything else. Details that are absent stay unknown.

    DeepSeek gives `prompt_cache_hit_tokens` beside the totals instead of details.
    """
    if not isinstance(value, dict):
        return None
    known: dict[str, int] = {}
    rest: JSONObject = {}
    for group, modelled in _MODELLED.items():
        details = value.get(group)
        if details and isinstance(details, dict):
            others: JSONObject = {}
            for name, count in details.items():
                if name in modelled and type(count) is int:
                    known[name] = count
                elif count is not None:
                    others[name] = count
            if others:
                rest[group] = others
    hits = value.get("prompt_cache_hit_tokens")
    cached = known.get("cached_tokens", hits if type(hits) is int else None)
    written = known.get("cache_write_tokens")
    prompt, output = value.get("prompt_tokens"), value.get("completion_tokens")
    fresh = prompt - (cached or 0) - (written or 0) if type(prompt) is int else None
    return Usage(
        input_tokens=None if fresh is None else max(0, fresh),
        cache_read_tokens=cached,
        cache_writes=None if written is None else CacheWrites(unknown=written),
        output_tokens=output if type(output) is int else None,
        reasoning_tokens=known.get("reasoning_tokens"),
        details=rest,
    )


def write_usage(usage: Usage | None) -> JSONObject:
    """The `usage` object. Its numbers are mandatory in Chat, so unknown ones become 0.

    Details that OpenAI always gives, zero or not, are always there.
    """
    usage = usage or Usage()
    cached, output = usage.cache_read_tokens or 0, usage.output_tokens or 0
    written = usage.cache_writes.total if usage.cache_writes else 0
    prompt = (usage.input_tokens or 0) + cached + written
    details = usage.details
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        _PROMPT: {
            "audio_tokens": 0,
            **(_given(details, _PROMPT) if _PROMPT in details else {}),
            "cached_tokens": cached,
            "cache_write_tokens": written,
        },
        _COMPLETION: {
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
            **(_given(details, _COMPLETION) if _COMPLETION in details else {}),
            "reasoning_tokens": usage.reasoning_tokens or 0,
        },
    }


def _given(details: JSONObject, group: str) -> JSONObject:
    """The details of a group, without those that are null."""
    given = details[group]
    if not isinstance(given, dict):
        return {}
    return {name: count for name, count in given.items() if count is not None}
