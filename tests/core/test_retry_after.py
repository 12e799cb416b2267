from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.retry_after import MAX_RETRY_AFTER, parse_retry_after

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


def asked(*headers, now=None):
    pairs = tuple((name.encode(), value.encode("latin-1")) for name, value in headers)
    return parse_retry_after(pairs, now=now)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("20", 20.0), ("1.5", 1.5), (" 7 ", 7.0), ("0", 0.0), ("-3", 0.0), ("999999999", 172_800.0)],
)
def test_seconds_are_bounded(value, seconds):
    assert asked(("Retry-After", value)) == seconds


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "1e999", "Mon, 99 Nov 2026"])
def test_what_cannot_be_read_asks_for_nothing(value):
    assert asked(("retry-after", value)) is None


def test_no_header_asks_for_nothing():
    assert asked(("content-type", "text/html")) is None


def test_milliseconds_go_before_seconds():
    assert asked(("retry-after", "9"), ("retry-after-ms", "250")) == 0.25


def test_unreadable_milliseconds_leave_the_seconds():
    assert asked(("retry-after-ms", "x"), ("retry-after", "9")) == 9.0


def test_a_date_is_read_against_the_given_time():
    assert asked(("retry-after", "Mon, 23 Nov 2026 12:00:30 GMT"), now=NOON) == 30.0


def test_a_date_in_the_past_means_now():
    assert asked(("retry-after", "Mon, 23 Nov 2026 11:00:00 GMT"), now=NOON) == 0.0


def test_a_date_is_read_against_the_answers_own_clock():
    """No clock of ours has to agree with the upstream's."""
    wait = asked(
        ("date", "Sat, 01 Jan 2000 00:00:00 GMT"), ("retry-after", "Sat, 01 Jan 2000 00:01:00 GMT")
    )
    assert wait == 60.0


def test_a_date_without_any_reference_is_read_against_the_system_clock():
    assert asked(("retry-after", "Sat, 01 Jan 2000 00:00:00 GMT")) == 0.0
    assert asked(("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")) == MAX_RETRY_AFTER


def test_a_zone_of_minus_zero_is_utc():
    assert asked(("retry-after", "Mon, 23 Nov 2026 12:00:30 -0000"), now=NOON) == 30.0


@given(st.floats(0, MAX_RETRY_AFTER - 1))
def test_every_date_within_two_days_is_understood(seconds):
    moment = format_datetime(datetime.fromtimestamp(NOON + int(seconds), UTC), usegmt=True)
    assert asked(("retry-after", moment), now=NOON) == int(seconds)


@given(st.text(st.characters(max_codepoint=255)))
def test_any_value_gives_a_bounded_wait_or_none(value):
    wait = asked(("retry-after", value), now=NOON)
    assert wait is None or 0 <= wait <= MAX_RETRY_AFTER
