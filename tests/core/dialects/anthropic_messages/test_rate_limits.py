from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DATE = {"date": format_datetime(NOON, usegmt=True)}
COUNTS = DATE | {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-requests-reset": "2026-11-23T12:00:01Z",
    "anthropic-ratelimit-input-tokens-limit": "30000",
    "anthropic-ratelimit-input-tokens-remaining": "0",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-23T12:00:40Z",
}
WINDOWS = DATE | {
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-reset": str(int(NOON.timestamp()) + 9000),
    "anthropic-ratelimit-unified-5h-status": "rejected",
    "anthropic-ratelimit-unified-5h-reset": str(int(NOON.timestamp()) + 9000),
    "anthropic-ratelimit-unified-7d-status": "allowed",
    "anthropic-ratelimit-unified-7d-reset": str(int(NOON.timestamp()) + 90_000),
}


def wait(headers, status=429, kind="rate_limit_error"):
    pairs = tuple((name.encode(), value.encode()) for name, value in headers.items())
    body = b'{"type":"error","error":{"type":"%b","message":"no"}}' % kind.encode()
    return ANTHROPIC_MESSAGES.errors.decode(status, pairs, body).retry_after


def test_the_limit_that_is_used_up_says_how_long_to_wait():
    """Against the answer's own clock."""
    assert wait(COUNTS) == 40
    assert wait(COUNTS, 529, "overloaded_error") == 40


def test_of_two_the_later_counts():
    output = {
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "2026-11-23T13:00:55+01:00",
    }
    assert wait(COUNTS | output) == 55


def test_where_none_is_it_is_the_one_of_which_least_is_left():
    assert wait(COUNTS | {"anthropic-ratelimit-input-tokens-remaining": "100"}) == 40


def test_a_subscription_s_window_begins_anew_at_a_unix_time():
    assert wait(WINDOWS) == 9000


def test_a_window_that_allows_does_not_count():
    allowed = {name: "allowed" for name in WINDOWS if name.endswith("status")}
    assert wait(WINDOWS | allowed) is None


def test_no_wait_is_longer_than_two_days():
    weekly = {"anthropic-ratelimit-unified-7d-status": "rejected"}
    far = {"anthropic-ratelimit-unified-7d-reset": str(int(NOON.timestamp()) + 600_000)}
    assert wait(WINDOWS | weekly | far) == 172_800


def test_a_time_in_the_past_means_now():
    past = {"anthropic-ratelimit-input-tokens-reset": "2026-11-23T11:00:00Z"}
    assert wait(COUNTS | past) == 0


def test_retry_after_goes_before():
    assert wait(COUNTS | {"retry-after": "2"}) == 2


@pytest.mark.parametrize("reset", ["", "soon", "nan", "2026-99-99T00:00:00Z", "1e999"])
def test_garbage_is_ignored(reset):
    assert wait(COUNTS | {"anthropic-ratelimit-input-tokens-reset": reset}) == 1
    unified = {name: it for name, it in WINDOWS.items() if "-5h-" not in name}
    assert wait(unified | {"anthropic-ratelimit-unified-reset": reset}) is None


def test_used_up_money_is_no_matter_of_time():
    assert wait(COUNTS, 429, "billing_error") is None
