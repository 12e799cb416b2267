"""The errors of the `error-…` models: kind, status, class, and when waiting is advised."""

import pytest

from lunaroute_core import (
    ErrorKind,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from lunaroute_egress.mock.failures import Failures

FAILURES = Failures(provider="mock", retry_after=2.5)


@pytest.mark.parametrize(
    ("model", "kind", "status", "retry_after"),
    [
        ("error-400", ErrorKind.INVALID_REQUEST, 400, None),
        ("error-401", ErrorKind.AUTHENTICATION, 401, None),
        ("error-402", ErrorKind.BILLING, 402, None),
        ("error-403", ErrorKind.PERMISSION, 403, None),
        ("error-404", ErrorKind.NOT_FOUND, 404, None),
        ("error-418", ErrorKind.INVALID_REQUEST, 418, None),
        ("error-429", ErrorKind.RATE_LIMIT, 429, 2.5),
        ("error-500", ErrorKind.SERVER, 500, None),
        ("error-503", ErrorKind.OVERLOADED, 503, 2.5),
        ("error-529", ErrorKind.OVERLOADED, 529, 2.5),
        ("error-rate_limit", ErrorKind.RATE_LIMIT, None, 2.5),
        ("error-context-too-long", ErrorKind.CONTEXT_TOO_LONG, None, None),
    ],
)
def test_a_model_names_its_error(model, kind, status, retry_after):
    error = FAILURES.of_model(model, request_id="r1")
    assert isinstance(error, UpstreamAnsweredError)
    details = error.details
    assert (details.kind, details.status, details.retry_after) == (kind, status, retry_after)
    assert details.request_id == "r1"


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("error-unavailable", UpstreamUnavailableError),
        ("error-timeout", UpstreamTimeoutError),
        ("error-protocol", UpstreamProtocolError),
    ],
)
def test_an_upstream_that_does_not_answer_has_its_own_class(model, kind):
    assert type(FAILURES.of_model(model, request_id="r1")) is kind


@pytest.mark.parametrize("model", ["echo", "error", "error-", "error-200", "error-999", "error-x"])
def test_other_names_are_no_errors(model):
    assert FAILURES.of_model(model, request_id="r1") is None
