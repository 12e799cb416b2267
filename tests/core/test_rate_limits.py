import pytest

from lunaroute_core import ErrorDetails, ErrorKind
from lunaroute_core.rate_limits import RateLimit, share_left, wait_for_limits

USED_UP = RateLimit(reset=20, left=0.0)


def refused(status=429, kind=ErrorKind.RATE_LIMIT):
    return ErrorDetails(kind=kind, message="no", status=status)


@pytest.mark.parametrize(
    ("limits", "wait"),
    [
        ([], None),
        ([USED_UP], 20),
        ([USED_UP, RateLimit(reset=60, left=0.0)], 60),
        ([USED_UP, RateLimit(reset=60, left=0.1)], 20),
        ([RateLimit(reset=0.1, left=0.9), RateLimit(reset=30, left=0.2)], 30),
        ([RateLimit(reset=30)], None),
        ([RateLimit(reset=-5, left=0.0)], 0),
        ([RateLimit(reset=1e12, left=0.0)], 172_800),
    ],
)
def test_the_last_of_what_is_used_up_counts_or_else_what_there_is_least_of(limits, wait):
    assert wait_for_limits(limits, refused()) == wait


def test_an_overloaded_upstream_has_not_always_limits_used_up():
    overloaded = refused(529, ErrorKind.OVERLOADED)
    assert wait_for_limits([USED_UP], overloaded) == 20
    assert wait_for_limits([RateLimit(reset=30, left=0.2)], overloaded) is None


@pytest.mark.parametrize(
    "error",
    [refused(500, ErrorKind.SERVER), refused(429, ErrorKind.BILLING), refused(None)],
)
def test_other_errors_have_nothing_to_do_with_limits(error):
    assert wait_for_limits([USED_UP], error) is None


@pytest.mark.parametrize(
    ("remaining", "limit", "share"),
    [
        (None, 10.0, None),
        (0.0, None, 0.0),
        (-1.0, 10.0, 0.0),
        (5.0, None, None),
        (5.0, 0.0, None),
        (5.0, 20.0, 0.25),
        (30.0, 20.0, 1.0),
    ],
)
def test_the_share_that_is_left(remaining, limit, share):
    assert share_left(remaining, limit) == share
