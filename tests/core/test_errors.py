import pickle

import pytest

from lunaroute_core import (
    ConfigurationError,
    ErrorDetails,
    ErrorKind,
    InvalidRequestError,
    LunaRouteError,
    ProviderError,
    RequestError,
    RequestTooLargeError,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    WireResponse,
    errors,
)

RATE_LIMITED = ErrorDetails(
    kind=ErrorKind.RATE_LIMIT, message="slow down", status=429, retry_after=7.0
)


def test_the_tree_is_the_one_its_docstring_draws():
    drawn = [
        line.strip(" │├└─").split(" ")[0]
        for line in errors.__doc__.splitlines()
        if "Error" in line and ("──" in line or line.strip() == "LunaRouteError")
    ]
    defined = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, LunaRouteError)
    ]
    assert drawn == defined


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (ConfigurationError, LunaRouteError),
        (RequestError, LunaRouteError),
        (InvalidRequestError, RequestError),
        (RequestTooLargeError, RequestError),
        (ProviderError, LunaRouteError),
        (UpstreamAnsweredError, ProviderError),
        (UpstreamUnavailableError, ProviderError),
        (UpstreamTimeoutError, ProviderError),
        (UpstreamProtocolError, ProviderError),
    ],
)
def test_each_error_is_caught_as_its_parent(child, parent):
    assert issubclass(child, parent)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigurationError("is no port"), "is no port"),
        (ConfigurationError("is no port", source="a.yaml"), "a.yaml: is no port"),
        (
            ConfigurationError("is no port", source="a.yaml", path="server.port"),
            "a.yaml: server.port: is no port",
        ),
    ],
)
def test_a_configuration_error_says_where_it_is(error, text):
    assert str(error) == text
    assert error.reason == "is no port"


def test_an_invalid_request_names_the_field():
    error = InvalidRequestError("must be a number", param="top_p")
    assert error.details == ErrorDetails(
        kind=ErrorKind.INVALID_REQUEST, message="must be a number", param="top_p"
    )


def test_a_request_too_large_tells_the_limit():
    error = RequestTooLargeError(limit=1000)
    assert error.details.kind is ErrorKind.TOO_LARGE
    assert "1000 bytes" in str(error)


def test_an_upstream_s_own_answer_is_kept_whole():
    wire = WireResponse(dialect="openai_chat", status=429, headers=(), body=b"{}")
    error = UpstreamAnsweredError(RATE_LIMITED, provider="backup", wire=wire)
    assert error.details is RATE_LIMITED
    assert error.wire is wire
    assert error.retry_after == 7.0
    assert str(error) == "backup: slow down"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamUnavailableError("refused", provider="a"), ErrorKind.UNAVAILABLE),
        (UpstreamProtocolError("truncated", provider="a"), ErrorKind.PROTOCOL),
        (UpstreamTimeoutError(phase="idle", seconds=1.5, provider="a"), ErrorKind.TIMEOUT),
    ],
)
def test_the_gateway_s_own_errors_have_a_kind_and_no_status(error, kind):
    assert error.details.kind is kind
    assert error.details.status is None
    assert error.provider == "a"
    assert error.retry_after is None
    assert error.wire is None


def test_a_timeout_tells_which_deadline_passed():
    error = UpstreamTimeoutError(phase="first_byte", seconds=1.5, provider="a")
    assert error.phase == "first_byte"
    assert str(error) == "a: upstream response timed out: first_byte deadline of 1.5 s"


def test_details_survive_being_sent_elsewhere():
    assert pickle.loads(pickle.dumps(RATE_LIMITED)) == RATE_LIMITED
