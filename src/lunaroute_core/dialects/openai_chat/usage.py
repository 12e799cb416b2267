"""Chat's token counts, which include what the normalized ones keep apart."""

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import CacheWrites, Usage

_PROMPT = "prompt_tokens_details"
_COMPLETION = "completion_tokens_details"


def read_usage(value: JSONValue) -> Usage | None:
    """A `usage` object; None for anything else. Details that are absent stay unknown.

    DeepSeek gives `prompt_cache_hit_tokens` beside the totals instead of details.
    """
    if not isinstance(value, dict):
        return None
    prompt_details, completion_details = _details(value, _PROMPT), _details(value, _COMPLETION)
    prompt = _count(value, "prompt_tokens")
    cached = _take(prompt_details, "cached_tokens")
    if cached is None:
        cached = _count(value, "prompt_cache_hit_tokens")
    written = _take(prompt_details, "cache_write_tokens")
    reasoning = _take(completion_details, "reasoning_tokens")
    rest: dict[str, JSONObject] = {_PROMPT: prompt_details, _COMPLETION: completion_details}
    return Usage(
        input_tokens=None if prompt is None else max(0, prompt - (cached or 0) - (written or 0)),
        cache_read_tokens=cached,
        cache_writes=None if written is None else CacheWrites(unknown=written),
        output_tokens=_count(value, "completion_tokens"),
        reasoning_tokens=reasoning,
        details={key: details for key, details in rest.items() if details},
    )


def _details(usage: JSONObject, key: str) -> JSONObject:
    """A copy of nested details, without those that are null."""
    details = usage.get(key)
    if not details or not isinstance(details, dict):
        return {}
    return {name: count for name, count in details.items() if count is not None}


def _count(counts: JSONObject, key: str) -> int | None:
    value = counts.get(key)
    return value if type(value) is int else None


def _take(details: JSONObject, key: str) -> int | None:
    value = _count(details, key)
    if value is not None:
        del details[key]
    return value


def write_usage(usage: Usage | None) -> JSONObject:
    """The `usage` object. Its numbers are mandatory in Chat, so unknown ones become 0.

    Details that OpenAI always gives, zero or not, are always there.
    """
    usage = usage or Usage()
    prompt, completion = usage.prompt_tokens, usage.output_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        _PROMPT: {
            "audio_tokens": 0,
            **_details(usage.details, _PROMPT),
            "cached_tokens": usage.cache_read_tokens or 0,
            "cache_write_tokens": usage.cache_writes.total if usage.cache_writes else 0,
        },
        _COMPLETION: {
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
            **_details(usage.details, _COMPLETION),
            "reasoning_tokens": usage.reasoning_tokens or 0,
        },
    }
