import msgspec
import pytest
from openai.types.responses import ResponseUsage

from lunaroute_core.dialects.openai_responses.usage import (
    UsageFields,
    read_usage,
    write_usage,
)
from lunaroute_core.model import CacheWrites, Usage


def read(fields):
    return read_usage(msgspec.convert(fields, UsageFields))


@pytest.mark.parametrize(
    ("fields", "usage"),
    [
        ({}, Usage()),
        (
            {"input_tokens": 7, "output_tokens": 2, "input_tokens_details": None},
            Usage(input_tokens=7, output_tokens=2),
        ),
        (
            {
                "input_tokens": 2600,
                "input_tokens_details": {
                    "cached_tokens": 2000,
                    "cache_write_tokens": 400,
                    "cache_write_tokens_details": {"ttl_30m_tokens": 300, "ttl_12h_tokens": 60},
                },
            },
            Usage(
                input_tokens=200,
                cache_read_tokens=2000,
                cache_writes=CacheWrites(m30=300, h12=60, unknown=40),
            ),
        ),
        (
            {"input_tokens": 5, "input_tokens_details": {"cached_tokens": 9}},
            Usage(input_tokens=0, cache_read_tokens=9),
        ),
        ({"output_tokens_details": {"reasoning_tokens": 0}}, Usage(reasoning_tokens=0)),
    ],
)
def test_counters_are_disjoint_and_what_is_not_said_is_unknown(fields, usage):
    assert read(fields) == usage


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(input_tokens=10, cache_read_tokens=90, cache_writes=CacheWrites(m5=20)),
        Usage(cache_writes=CacheWrites(m30=1, h12=2, h1=3), output_tokens=5, reasoning_tokens=4),
    ],
)
def test_written_usage_is_the_sdk_s_and_counts_everything_once(usage):
    written = ResponseUsage.model_validate(write_usage(usage))
    assert written.input_tokens == usage.prompt_tokens
    assert written.total_tokens == usage.total_tokens
    details = written.input_tokens_details
    assert details.cached_tokens + details.cache_write_tokens <= written.input_tokens


def test_what_was_read_is_written_again():
    fields = {
        "input_tokens": 2600,
        "input_tokens_details": {
            "cached_tokens": 2000,
            "cache_write_tokens": 400,
            "cache_write_tokens_details": {"ttl_30m_tokens": 300, "ttl_12h_tokens": 100},
        },
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 2605,
    }
    assert write_usage(read(fields)) == fields
