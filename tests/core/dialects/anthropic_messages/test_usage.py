import msgspec
import pytest
from anthropic.types import MessageDeltaUsage
from anthropic.types import Usage as SDKUsage

from lunaroute_core.dialects.anthropic_messages.usage import (
    WireUsage,
    read_usage,
    write_usage,
    write_usage_delta,
)
from lunaroute_core.model import CacheWrites, Usage

FULL = {
    "input_tokens": 10,
    "cache_read_input_tokens": 90,
    "cache_creation_input_tokens": 20,
    "cache_creation": {"ephemeral_5m_input_tokens": 15, "ephemeral_1h_input_tokens": 5},
    "output_tokens": 5,
    "output_tokens_details": {"thinking_tokens": 3},
    "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
    "service_tier": "standard",
    "inference_geo": "eu",
    "speed": "fast",
}


def read(wire: object) -> Usage:
    return read_usage(msgspec.convert(wire, WireUsage))


def test_the_counters_are_disjoint_with_writes_split_by_life():
    usage = read(FULL)
    assert usage == Usage(
        input_tokens=10,
        cache_read_tokens=90,
        cache_writes=CacheWrites(m5=15, h1=5),
        output_tokens=5,
        reasoning_tokens=3,
        details={
            "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
            "service_tier": "standard",
            "inference_geo": "eu",
            "speed": "fast",
        },
    )
    assert usage.prompt_tokens == 120
    assert usage.total_tokens == 125


@pytest.mark.parametrize(
    ("wire", "writes"),
    [
        ({}, None),
        ({"cache_creation_input_tokens": 7}, CacheWrites(unknown=7)),
        ({"cache_creation_input_tokens": 0}, CacheWrites()),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 4}}, CacheWrites(h1=4)),
        (
            {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_5m_input_tokens": 4}},
            CacheWrites(m5=4, unknown=5),
        ),
        (
            {"cache_creation_input_tokens": 1, "cache_creation": {"ephemeral_5m_input_tokens": 4}},
            CacheWrites(m5=4),
        ),
    ],
)
def test_cache_writes_are_counted_once(wire, writes):
    assert read(wire).cache_writes == writes


def test_absent_and_null_counts_are_unknown_not_zero():
    assert read({"input_tokens": None}) == Usage()


def test_a_whole_usage_is_written_as_it_was_read():
    written = write_usage(read(FULL))
    assert written == FULL
    SDKUsage.model_validate(written)


def test_unknown_counts_are_null_unless_the_vendor_requires_them():
    assert write_usage(None) == {
        "input_tokens": 0,
        "cache_creation_input_tokens": None,
        "cache_read_input_tokens": None,
        "output_tokens": 0,
    }
    SDKUsage.model_validate(write_usage(None))


def test_a_delta_says_what_is_known():
    assert write_usage_delta(Usage()) == {"output_tokens": 0}
    delta = write_usage_delta(read(FULL))
    assert "cache_creation" not in delta
    assert delta["cache_creation_input_tokens"] == 20
    MessageDeltaUsage.model_validate(delta)


def test_writes_of_a_life_not_sold_here_have_no_split():
    written = write_usage(Usage(cache_writes=CacheWrites(m5=1, m30=2)))
    assert written["cache_creation_input_tokens"] == 3
    assert "cache_creation" not in written


def test_another_vendors_details_are_left_out():
    usage = Usage(details={"service_tier": "flex", "audio_tokens": 3})
    assert write_usage(usage) == write_usage(None)
