"""Token counts, both ways. Anthropic's counters are disjoint, as the normalized ones are."""

from msgspec import Struct

from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import CacheWrites, Usage

_SERVICE_TIERS = ("standard", "priority", "batch")


class CacheCreation(Struct, frozen=True):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class OutputTokensDetails(Struct, frozen=True):
    thinking_tokens: int | None = None


class WireUsage(Struct, frozen=True):
    """`usage` of a message, and of a `message_delta`, where most fields are absent."""

    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputTokensDetails | None = None
    server_tool_use: JSONValue = None
    service_tier: JSONValue = None
    inference_geo: JSONValue = None
    speed: JSONValue = None
    iterations: JSONValue = None
    fallback_credit: JSONValue = None


def read_usage(wire: WireUsage) -> Usage:
    thinking, writes = wire.output_tokens_details, None
    if wire.cache_creation_input_tokens is not None or wire.cache_creation is not None:
        writes = _read_cache_writes(wire.cache_creation_input_tokens or 0, wire.cache_creation)
    return Usage(
        input_tokens=wire.input_tokens,
        cache_read_tokens=wire.cache_read_input_tokens,
        cache_writes=writes,
        output_tokens=wire.output_tokens,
        reasoning_tokens=None if thinking is None else thinking.thinking_tokens,
        details=_read_details(wire),
    )


def _read_details(wire: WireUsage) -> JSONObject:
    details: JSONObject = {}
    if wire.server_tool_use is not None:
        details["server_tool_use"] = wire.server_tool_use
    if wire.service_tier is not None:
        details["service_tier"] = wire.service_tier
    if wire.inference_geo is not None:
        details["inference_geo"] = wire.inference_geo
    if wire.speed is not None:
        details["speed"] = wire.speed
    if wire.iterations is not None:
        details["iterations"] = wire.iterations
    if wire.fallback_credit is not None:
        details["fallback_credit"] = wire.fallback_credit
    return details


def _read_cache_writes(total: int, split: CacheCreation | None) -> CacheWrites:
    if split is None:
        return CacheWrites(unknown=max(0, total))
    m5, h1 = split.ephemeral_5m_input_tokens or 0, split.ephemeral_1h_input_tokens or 0
    return CacheWrites(m5=m5, h1=h1, unknown=max(0, total - m5 - h1))


def write_usage(usage: Usage | None) -> JSONObject:
    """A message's whole `usage`: counts the vendor requires are 0, others null, if unknown."""
    usage = usage or Usage()
    known = write_usage_delta(usage)
    return {
        "input_tokens": 0,
        "cache_creation_input_tokens": None,
        "cache_read_input_tokens": None,
        **known,
        **_write_cache_split(usage.cache_writes),
        **_write_tier(usage),
    }


def write_usage_delta(usage: Usage) -> JSONObject:
    """A `message_delta`'s `usage`: the cumulative counts that are known."""
    counts: JSONObject = {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_writes and usage.cache_writes.total,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens or 0,
        "server_tool_use": usage.details.get("server_tool_use"),
        "iterations": usage.details.get("iterations"),
        "fallback_credit": usage.details.get("fallback_credit"),
    }
    if usage.reasoning_tokens is not None:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return {key: value for key, value in counts.items() if value is not None}


def _write_cache_split(writes: CacheWrites | None) -> JSONObject:
    """The split, unless some writes are of a life that this vendor does not sell."""
    if writes is None or writes.m5 + writes.h1 != writes.total:
        return {}
    split: JSONObject = {
        "ephemeral_5m_input_tokens": writes.m5,
        "ephemeral_1h_input_tokens": writes.h1,
    }
    return {"cache_creation": split}


def _write_tier(usage: Usage) -> JSONObject:
    """What only a whole message says; tiers of another vendor have no word here."""
    known: JSONObject = {
        key: usage.details[key] for key in ("inference_geo", "speed") if key in usage.details
    }
    if (tier := usage.details.get("service_tier")) in _SERVICE_TIERS:
        known["service_tier"] = tier
    return known
