import pytest

from lunaroute_core.model import CacheWrites, Usage

OLD = Usage(
    input_tokens=10,
    cache_read_tokens=90,
    cache_writes=CacheWrites(m5=15, h1=5),
    output_tokens=5,
    reasoning_tokens=3,
    details={"speed": "fast", "server_tool_use": {"b": 2}},
)


def test_the_prompt_is_all_that_was_read_cached_or_not():
    assert (OLD.prompt_tokens, OLD.total_tokens) == (120, 125)
    assert (Usage().prompt_tokens, Usage().total_tokens) == (0, 0)


def test_a_later_count_replaces_an_earlier_and_silence_keeps_it():
    newer = Usage(input_tokens=11, output_tokens=50, details={"server_tool_use": {"a": 1}})
    assert newer.merged_over(OLD) == Usage(
        input_tokens=11,
        cache_read_tokens=90,
        cache_writes=CacheWrites(m5=15, h1=5),
        output_tokens=50,
        reasoning_tokens=3,
        details={"speed": "fast", "server_tool_use": {"a": 1}},
    )


def test_a_count_of_zero_is_a_count():
    newer = Usage(cache_read_tokens=0, output_tokens=0, reasoning_tokens=0)
    merged = newer.merged_over(OLD)
    assert (merged.cache_read_tokens, merged.output_tokens, merged.reasoning_tokens) == (0, 0, 0)


def test_the_first_counts_are_taken_as_they_are():
    assert OLD.merged_over(None) is OLD
    assert Usage().merged_over(OLD) == OLD


@pytest.mark.parametrize(
    ("newer", "writes"),
    [
        (CacheWrites(unknown=20), CacheWrites(m5=15, h1=5)),
        (CacheWrites(unknown=30), CacheWrites(unknown=30)),
        (CacheWrites(h1=20), CacheWrites(h1=20)),
        (CacheWrites(), CacheWrites()),
        (None, CacheWrites(m5=15, h1=5)),
    ],
)
def test_a_total_that_has_not_changed_keeps_its_split(newer, writes):
    assert Usage(cache_writes=newer).merged_over(OLD).cache_writes == writes


def test_first_writes_are_taken_as_they_are():
    writes = CacheWrites(unknown=20)
    assert Usage(cache_writes=writes).merged_over(Usage()).cache_writes == writes


@pytest.mark.parametrize(("newer", "estimated"), [(Usage(input_tokens=4), False), (Usage(), True)])
def test_an_estimate_stays_one_until_the_count_is_known(newer, estimated):
    assert newer.merged_over(Usage(input_tokens=3, estimated=True)).estimated is estimated


def test_an_estimate_over_a_count_is_one():
    assert Usage(input_tokens=3, estimated=True).merged_over(OLD).estimated


def test_what_two_answers_used_is_added_up():
    more = Usage(
        input_tokens=1,
        cache_writes=CacheWrites(m5=1, m30=2, h1=3, h12=4, unknown=5),
        output_tokens=2,
        estimated=True,
        details={"speed": "slow", "server_tool_use": {"a": 1, "b": 3}, "iterations": [1]},
    )
    assert OLD.plus(more) == Usage(
        input_tokens=11,
        cache_read_tokens=90,
        cache_writes=CacheWrites(m5=16, m30=2, h1=8, h12=4, unknown=5),
        output_tokens=7,
        reasoning_tokens=3,
        estimated=True,
        details={"speed": "slow", "server_tool_use": {"a": 1, "b": 5}, "iterations": [1]},
    )
    assert OLD.plus(more).prompt_tokens == OLD.prompt_tokens + more.prompt_tokens


def test_what_nobody_counted_stays_unknown():
    assert OLD.plus(None) is OLD
    assert OLD.plus(Usage()) == OLD
    assert Usage().plus(OLD) == OLD
    assert Usage().plus(Usage()) == Usage()


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (1, 2, 3),
        (0.5, 1, 1.5),
        ([1], [2], [1, 2]),
        ({"a": {"b": 1}}, {"a": {"b": 2, "c": None}}, {"a": {"b": 3, "c": None}}),
        ("standard", "priority", "priority"),
        ("standard", None, "standard"),
        (None, 1, 1),
        (True, 1, 1),
        (1, False, False),
        (1, "x", "x"),
    ],
)
def test_counters_are_added_and_words_replaced(one, other, both):
    assert Usage(details={"k": one}).plus(Usage(details={"k": other})).details == {"k": both}
