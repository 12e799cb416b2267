"""What an error means for routing."""

import pytest

from lunaroute_core import ErrorKind, InvalidRequestError, UpstreamTimeoutError
from lunaroute_routing.verdict import VERDICTS, most_useful, verdict_of


def test_every_kind_of_error_has_a_verdict():
    assert set(VERDICTS) == set(ErrorKind)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("invalid_request", "client"),
        ("authentication", "client"),
        ("permission", "client"),
        ("not_found", "client"),
        ("too_large", "client"),
        ("context_too_long", "client"),
        ("conflict", "client"),
        ("rate_limit", "account"),
        ("billing", "account"),
        ("overloaded", "upstream"),
        ("server", "upstream"),
        ("timeout", "upstream"),
        ("unavailable", "upstream"),
        ("protocol", "upstream"),
    ],
)
def test_whose_fault_it_was(failing, kind, fault):
    assert verdict_of(failing(kind)).fault == fault


def test_a_request_that_was_never_sent_may_be_sent_elsewhere():
    verdict = verdict_of(InvalidRequestError("no such field here", param="seed"))
    assert (verdict.fault, verdict.fall_back, verdict.retry) == ("client", True, False)


def test_an_overload_rests_only_when_the_vendor_says_how_long(failing):
    assert verdict_of(failing("overloaded")).rest == "nothing"
    assert verdict_of(failing("overloaded", retry_after=3.0)).rest == "model"


@pytest.mark.parametrize(("phase", "retry"), [("connect", True), ("first_byte", False)])
def test_only_a_connection_that_was_not_made_is_tried_again_after_a_timeout(phase, retry):
    error = UpstreamTimeoutError(phase=phase, seconds=1, provider="a")
    assert verdict_of(error).retry is retry
    assert verdict_of(error).fall_back


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (["unavailable", "rate_limit"], "rate_limit"),
        (["authentication", "server"], "server"),
        (["server", "context_too_long"], "context_too_long"),
        (["billing", "unavailable"], "unavailable"),
    ],
)
def test_the_client_is_told_what_it_can_act_on(failing, kinds, told):
    assert most_useful([failing(kind) for kind in kinds]).details.kind == told


def test_of_two_waits_the_shorter_one_is_told(failing):
    errors = [failing("rate_limit", retry_after=wait) for wait in (30.0, 10.0, 20.0)]
    assert most_useful(errors).retry_after == 10.0


def test_of_equal_errors_the_first_is_told(failing):
    errors = [failing("server", provider=name) for name in ("a", "b")]
    assert most_useful(errors) is errors[0]


def test_what_an_upstream_said_goes_before_what_could_not_be_sent(failing):
    errors = [InvalidRequestError("not here"), failing("unavailable")]
    assert most_useful(errors) is errors[1]
