"""Token usage. OpenAI's `input_tokens` include what was read from and written to caches."""

from msgspec import Struct

from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import CacheWrites, Usage


class _WriteDetails(Struct):
    ttl_30m_tokens: int | None = None
    ttl_12h_tokens: int | None = None


class _InputDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_tokens_details: _WriteDetails | None = None


class _OutputDetails(Struct):
    reasoning_tokens: int | None = None


class UsageFields(Struct):
    input_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


def read_usage(fields: UsageFields) -> Usage:
    """Disjoint counters; what the vendor does not say is None, not 0."""
    details = fields.input_tokens_details or _InputDetails()
    output_details = fields.output_tokens_details or _OutputDetails()
    fresh = fields.input_tokens
    if fresh is not None:
        fresh -= (details.cached_tokens or 0) + (details.cache_write_tokens or 0)
    return Usage(
        input_tokens=None if fresh is None else max(0, fresh),
        cache_read_tokens=details.cached_tokens,
        cache_writes=_read_writes(details),
        output_tokens=fields.output_tokens,
        reasoning_tokens=output_details.reasoning_tokens,
    )


def _read_writes(details: _InputDetails) -> CacheWrites | None:
    if details.cache_write_tokens is None:
        return None
    split = details.cache_write_tokens_details or _WriteDetails()
    m30, h12 = split.ttl_30m_tokens or 0, split.ttl_12h_tokens or 0
    return CacheWrites(m30=m30, h12=h12, unknown=max(0, details.cache_write_tokens - m30 - h12))


def write_usage(usage: Usage) -> JSONObject:
    """The vendor's object; its required counters are 0 where nothing is known."""
    writes = usage.cache_writes or CacheWrites()
    input_details: JSONObject = {
        "cached_tokens": usage.cache_read_tokens or 0,
        "cache_write_tokens": writes.total,
    }
    if writes.m30 or writes.h12:
        split: JSONObject = {"ttl_30m_tokens": writes.m30, "ttl_12h_tokens": writes.h12}
        input_details["cache_write_tokens_details"] = split
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": input_details,
        "output_tokens": usage.output_tokens or 0,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": usage.total_tokens,
    }
