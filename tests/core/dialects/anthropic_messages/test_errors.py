import msgspec
import pytest
from anthropic.types import ErrorResponse
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.errors import ErrorDetails, ErrorKind
from lunaroute_core.sse import parse_events

ERRORS = ANTHROPIC_MESSAGES.errors
TOO_LONG = "prompt is too long: 215000 tokens > 200000 maximum"
EXCEEDS = "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"
NO_CREDIT = "Your credit balance is too low to access the Anthropic API."
OWN_LIMIT = "You have reached your specified API usage limits. You will regain access on 2026-12-01"


def body(word: str, message: str = "No.", **more: object) -> bytes:
    error = {"type": word, "message": message, **more}
    return msgspec.json.encode({"type": "error", "error": error, "request_id": "req_body"})


def decoded(status: int, content: bytes, *headers: tuple[bytes, bytes]) -> ErrorDetails:
    return ERRORS.decode(status, headers, content)


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (400, "invalid_request_error", ErrorKind.INVALID_REQUEST),
        (401, "authentication_error", ErrorKind.AUTHENTICATION),
        (402, "billing_error", ErrorKind.BILLING),
        (403, "permission_error", ErrorKind.PERMISSION),
        (404, "not_found_error", ErrorKind.NOT_FOUND),
        (409, "conflict_error", ErrorKind.CONFLICT),
        (413, "request_too_large", ErrorKind.TOO_LARGE),
        (413, "invalid_request_error", ErrorKind.TOO_LARGE),
        (429, "rate_limit_error", ErrorKind.RATE_LIMIT),
        (500, "api_error", ErrorKind.SERVER),
        (500, "overloaded_error", ErrorKind.OVERLOADED),
        (504, "timeout_error", ErrorKind.TIMEOUT),
        (529, "overloaded_error", ErrorKind.OVERLOADED),
        (422, "brand_new", ErrorKind.INVALID_REQUEST),
        (401, "invalid_request_error", ErrorKind.AUTHENTICATION),
        (502, "brand_new", ErrorKind.SERVER),
    ],
)
def test_the_kind_follows_from_type_and_status(status, word, kind):
    error = decoded(status, body(word))
    assert error.kind is kind
    assert error.status == status
    assert error.type == word
    assert error.message == "No."


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, TOO_LONG, ErrorKind.CONTEXT_TOO_LONG),
        (400, EXCEEDS, ErrorKind.CONTEXT_TOO_LONG),
        (400, NO_CREDIT, ErrorKind.BILLING),
        (400, OWN_LIMIT, ErrorKind.BILLING),
        (400, "messages: at least one message is required", ErrorKind.INVALID_REQUEST),
        (500, TOO_LONG, ErrorKind.SERVER),
    ],
)
def test_the_wording_tells_what_has_no_type(status, message, kind):
    assert decoded(status, body("invalid_request_error", message)).kind is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("contract_spend_limit_reached", ErrorKind.BILLING),
        ("enforced_spend_limit_reached", ErrorKind.BILLING),
        ("linked_organization_spend_limit_reached", ErrorKind.BILLING),
        ("ramp_limit_exceeded", ErrorKind.RATE_LIMIT),
    ],
)
def test_a_spend_limit_is_no_rate_limit(code, kind):
    error = decoded(429, body("rate_limit_error", details={"error_code": code}))
    assert error.kind is kind
    assert error.code == code


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.INVALID_REQUEST),
        (401, ErrorKind.AUTHENTICATION),
        (402, ErrorKind.BILLING),
        (403, ErrorKind.PERMISSION),
        (404, ErrorKind.NOT_FOUND),
        (408, ErrorKind.TIMEOUT),
        (413, ErrorKind.TOO_LARGE),
        (418, ErrorKind.INVALID_REQUEST),
        (429, ErrorKind.RATE_LIMIT),
        (500, ErrorKind.SERVER),
        (502, ErrorKind.SERVER),
        (503, ErrorKind.OVERLOADED),
        (504, ErrorKind.TIMEOUT),
        (529, ErrorKind.OVERLOADED),
        (302, ErrorKind.SERVER),
    ],
)
def test_the_status_alone_gives_a_kind(status, kind):
    error = decoded(status, b"<html><h1>Bad gateway</h1></html>")
    assert error.kind is kind
    assert error.message == f"the upstream answered with status {status}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the upstream answered with status 502"),
        (b"{}", "the upstream answered with status 502"),
        (b"[1]", "[1]"),
        (b"upstream connect error\n", "upstream connect error"),
        (b"x" * 9000, "x" * 500),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"error":"nope"}', "nope"),
        (b'{"message":"nope"}', "nope"),
        (b'{"error":{"message":"nope","code":5}}', "nope"),
        (b'{"error":{"message":null,"type":[]}}', "the upstream answered with status 502"),
    ],
)
def test_any_answer_gives_a_message(content, message):
    error = decoded(502, content)
    assert error.message == message
    assert error.kind is ErrorKind.SERVER


def test_headers_say_how_long_to_wait_and_whether_to_try_again():
    error = decoded(
        429,
        body("rate_limit_error"),
        (b"Retry-After", b"7"),
        (b"request-id", b"req_header"),
        (b"x-should-retry", b"false"),
    )
    assert error.retry_after == 7.0
    assert error.request_id == "req_header"
    assert error.should_retry is False


def test_the_body_names_the_request_where_no_header_does():
    error = decoded(400, body("invalid_request_error"))
    assert error.request_id == "req_body"
    assert error.retry_after is None
    assert error.should_retry is None


@given(st.integers(min_value=100, max_value=599), st.binary())
def test_any_bytes_give_a_usable_error(status, content):
    error = decoded(status, content)
    assert error.message
    assert ERRORS.encode(error, request_id="r")[0] >= 400


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        (ErrorKind.INVALID_REQUEST, 400, "invalid_request_error"),
        (ErrorKind.CONTEXT_TOO_LONG, 400, "invalid_request_error"),
        (ErrorKind.AUTHENTICATION, 401, "authentication_error"),
        (ErrorKind.BILLING, 402, "billing_error"),
        (ErrorKind.PERMISSION, 403, "permission_error"),
        (ErrorKind.NOT_FOUND, 404, "not_found_error"),
        (ErrorKind.CONFLICT, 409, "conflict_error"),
        (ErrorKind.TOO_LARGE, 413, "request_too_large"),
        (ErrorKind.RATE_LIMIT, 429, "rate_limit_error"),
        (ErrorKind.SERVER, 500, "api_error"),
        (ErrorKind.UNAVAILABLE, 502, "api_error"),
        (ErrorKind.PROTOCOL, 502, "api_error"),
        (ErrorKind.TIMEOUT, 504, "timeout_error"),
        (ErrorKind.OVERLOADED, 529, "overloaded_error"),
    ],
)
def test_every_kind_has_a_status_and_a_type(kind, status, word):
    given_status, given_body = ERRORS.encode(ErrorDetails(kind=kind, message="No."), request_id="r")
    assert given_status == status
    assert msgspec.json.decode(given_body) == {
        "type": "error",
        "error": {"type": word, "message": "No."},
        "request_id": "r",
    }


def test_every_kind_can_be_encoded():
    for kind in ErrorKind:
        _, written = ERRORS.encode(ErrorDetails(kind=kind, message="x"), request_id="r")
        ErrorResponse.construct(**msgspec.json.decode(written))


def test_the_code_stands_in_the_details():
    error = ErrorDetails(kind=ErrorKind.NOT_FOUND, message="x", code="thread_not_found")
    _, written = ERRORS.encode(error, request_id="r")
    assert ERRORS.decode(404, (), written).code == "thread_not_found"


def test_an_error_event_ends_a_stream():
    written = ERRORS.encode_event(
        ErrorDetails(kind=ErrorKind.OVERLOADED, message="Busy\n."),
        request_id="r",
        answer=AnswerSummary(),
        position=0,
    )
    [event] = parse_events(written)
    assert event.event == "error"
    assert msgspec.json.decode(event.data) == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Busy\n."},
        "request_id": "r",
    }
