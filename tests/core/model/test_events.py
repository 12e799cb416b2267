import pytest

from lunaroute_core import ErrorDetails, ErrorKind
from lunaroute_core.model import StreamError


def test_an_errors_details_are_all_that_it_says():
    error = StreamError(kind="rate_limit", message="slow", type="t", code="c", retry_after=3)
    assert error.details == ErrorDetails(
        kind=ErrorKind.RATE_LIMIT, message="slow", type="t", code="c", retry_after=3
    )


@pytest.mark.parametrize("kind", ["", "RATE_LIMIT", "a_kind_of_next_year"])
def test_a_kind_that_is_not_known_is_the_servers(kind):
    assert StreamError(kind=kind, message="m").details.kind is ErrorKind.SERVER
