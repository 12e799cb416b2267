import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.openai_vendor.errors import decode_openai_error
from lunaroute_core.dialects.openai_vendor.rate_limits import read_duration


def wait(status=429, body=b"{}", **headers):
    pairs = tuple((name.replace("_", "-").encode(), it.encode()) for name, it in headers.items())
    return decode_openai_error(status, pairs, body).retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("6m0s", 360),
        ("1h2m3.5s", 3723.5),
        ("120ms", 0.12),
        ("1s500ms", 1.5),
        ("2m59.56s", 179.56),
        ("1d2h", 93600),
        ("12", 12),
        (" 7.66s ", 7.66),
        ("0s", 0),
    ],
)
def test_durations_are_read(text, seconds):
    assert read_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", [None, "", "soon", "s", "1x", "1s1h", "s1", "nan", "inf", "1e999"])
def test_what_is_no_duration_is_none(text):
    assert read_duration(text) is None


@given(st.text())
def test_any_text_is_a_duration_or_none(text):
    assert read_duration(text) is None or isinstance(read_duration(text), float)


TOKENS = {
    "x_ratelimit_limit_requests": "500",
    "x_ratelimit_remaining_requests": "499",
    "x_ratelimit_reset_requests": "120ms",
    "x_ratelimit_limit_tokens": "30000",
    "x_ratelimit_remaining_tokens": "0",
    "x_ratelimit_reset_tokens": "6m0s",
}


def test_the_limit_that_is_used_up_says_how_long_to_wait():
    assert wait(**TOKENS) == 360
    assert wait(503, **TOKENS) == 360


def test_of_two_the_later_counts():
    assert wait(**TOKENS | {"x_ratelimit_remaining_requests": "0"}) == 360


def test_where_none_is_it_is_the_one_of_which_least_is_left():
    assert wait(**TOKENS | {"x_ratelimit_remaining_tokens": "200"}) == 360


def test_retry_after_goes_before():
    assert wait(**TOKENS, retry_after="2") == 2


@pytest.mark.parametrize(
    "garbage", [{"x_ratelimit_remaining_tokens": "none"}, {"x_ratelimit_reset_tokens": "later"}]
)
def test_garbage_is_ignored(garbage):
    used_up = {"x_ratelimit_remaining_requests": "0"}
    assert wait(**TOKENS | used_up | garbage) == pytest.approx(0.12)


def test_used_up_money_is_no_matter_of_time():
    body = b'{"error": {"code": "insufficient_quota", "message": "pay"}}'
    assert wait(429, body, **TOKENS) is None


def test_other_errors_are_not_for_waiting():
    assert wait(500, **TOKENS) is None
