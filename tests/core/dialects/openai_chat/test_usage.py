import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CompletionUsage

from lunaroute_core.dialects.openai_chat.usage import read_usage, write_usage
from lunaroute_core.model import CacheWrites, Usage

FULL = {
    "prompt_tokens": 2600,
    "completion_tokens": 50,
    "total_tokens": 2650,
    "prompt_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 400, "audio_tokens": 3},
    "completion_tokens_details": {
        "reasoning_tokens": 20,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 4,
        "rejected_prediction_tokens": None,
    },
}
COUNT = st.none() | st.integers(0, 10**9)


def test_the_prompt_is_split_into_disjoint_counters():
    assert read_usage(FULL) == Usage(
        input_tokens=200,
        cache_read_tokens=2000,
        cache_writes=CacheWrites(unknown=400),
        output_tokens=50,
        reasoning_tokens=20,
        details={
            "prompt_tokens_details": {"audio_tokens": 3},
            "completion_tokens_details": {"audio_tokens": 0, "accepted_prediction_tokens": 4},
        },
    )


def test_absent_details_are_unknown_not_zero():
    usage = read_usage({"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9})
    assert usage == Usage(input_tokens=7, output_tokens=2)


@pytest.mark.parametrize("details", [None, {}, "x", {"cached_tokens": None}])
def test_empty_details_are_unknown_too(details):
    usage = read_usage({"prompt_tokens": 7, "prompt_tokens_details": details})
    assert (usage.input_tokens, usage.cache_read_tokens) == (7, None)


def test_deepseeks_cache_hits_are_cache_reads():
    usage = read_usage({"prompt_tokens": 10, "prompt_cache_hit_tokens": 4, "completion_tokens": 1})
    assert (usage.input_tokens, usage.cache_read_tokens) == (6, 4)


def test_more_cached_than_sent_does_not_go_below_zero():
    usage = read_usage({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 11}})
    assert usage.input_tokens == 0


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_object_is_no_usage(value):
    assert read_usage(value) is None


def test_counters_of_other_types_are_unknown():
    assert read_usage({"prompt_tokens": "7", "completion_tokens": True}) == Usage()


def test_only_details_at_their_place_are_more_than_details():
    prompt, completion = {"reasoning_tokens": 1}, {"cached_tokens": 2, "cache_write_tokens": 3}
    usage = read_usage(
        {
            "prompt_tokens": 7,
            "cached_tokens": 4,
            "prompt_tokens_details": prompt,
            "completion_tokens_details": completion,
        }
    )
    assert usage == Usage(
        input_tokens=7,
        details={"prompt_tokens_details": prompt, "completion_tokens_details": completion},
    )


def test_details_of_other_types_stay_details():
    details = {"cached_tokens": "5", "cache_write_tokens": True}
    usage = read_usage({"prompt_cache_hit_tokens": 2, "prompt_tokens_details": details})
    assert usage == Usage(cache_read_tokens=2, details={"prompt_tokens_details": details})


def test_what_was_read_does_not_change():
    value = {"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 2}}
    copy = {**value, "prompt_tokens_details": {**value["prompt_tokens_details"]}}
    read_usage(value)
    assert value == copy


@pytest.mark.parametrize("group", ["prompt_tokens_details", "completion_tokens_details"])
@pytest.mark.parametrize("given", [None, "x", {}, {"audio_tokens": None}])
def test_details_that_say_nothing_are_written_as_zeros(group, given):
    assert write_usage(Usage(details={group: given})) == write_usage(None)


def test_anthropics_counters_become_openais_sums():
    usage = Usage(
        input_tokens=10,
        cache_read_tokens=90,
        cache_writes=CacheWrites(m5=15, h1=5),
        output_tokens=5,
    )
    written = write_usage(usage)
    assert (written["prompt_tokens"], written["completion_tokens"], written["total_tokens"]) == (
        120,
        5,
        125,
    )
    assert written["prompt_tokens_details"]["cached_tokens"] == 90
    assert written["prompt_tokens_details"]["cache_write_tokens"] == 20


def test_unknown_counters_are_written_as_zero():
    written = write_usage(None)
    assert written["total_tokens"] == 0
    assert written["completion_tokens_details"]["reasoning_tokens"] == 0


def test_writing_what_was_read_gives_the_same():
    expected = {
        **FULL,
        "completion_tokens_details": {
            **FULL["completion_tokens_details"],
            "rejected_prediction_tokens": 0,
        },
    }
    assert write_usage(read_usage(FULL)) == expected


@given(
    st.fixed_dictionaries(
        dict.fromkeys(
            ["input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens"], COUNT
        )
    ).map(lambda counts: Usage(**counts))
)
def test_what_is_written_is_the_sdks_type_and_adds_up(usage):
    written = CompletionUsage.model_validate(write_usage(usage), strict=True)
    assert written.total_tokens == written.prompt_tokens + written.completion_tokens
    assert written.prompt_tokens_details.cached_tokens <= written.prompt_tokens
