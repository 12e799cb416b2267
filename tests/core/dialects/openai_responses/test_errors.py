"""Errors as the SDK and Codex expect them."""

import json

import pytest
from openai._models import construct_type
from openai.types.responses import Response, ResponseFailedEvent

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_responses.errors import ResponsesErrors, event_error
from lunaroute_core.errors import ErrorDetails, ErrorKind
from lunaroute_core.model import StreamStart, Usage

SLOW = ErrorDetails(kind=ErrorKind.RATE_LIMIT, message="Slow down", code="tokens_per_minute")


@pytest.fixture
def errors():
    return ResponsesErrors(clock=lambda: 5.0)


def event(errors, error=SLOW, *, answer=None, position=0):
    return errors.encode_event(
        error, request_id="req1", answer=answer or AnswerSummary(), position=position
    )


def test_http_errors_are_the_vendor_s(errors):
    status, body = errors.encode(SLOW, request_id="req1")
    assert status == 429
    read = errors.decode(status, ((b"retry-after", b"2"),), body)
    assert (read.kind, read.message, read.code) == (SLOW.kind, SLOW.message, SLOW.code)
    assert read.retry_after == 2


def test_a_stream_under_way_fails_under_its_own_id(errors):
    answer = AnswerSummary(id="resp_1", model="gpt-5", usage=Usage(input_tokens=3))
    frame = event(errors, answer=answer, position=7)
    assert frame.startswith(b"event: response.failed\ndata: ")
    assert frame.endswith(b"\n\n")
    failed = json.loads(frame.partition(b"data: ")[2])
    assert failed["sequence_number"] == 7
    response = failed["response"]
    assert (response["id"], response["model"], response["status"]) == ("resp_1", "gpt-5", "failed")
    assert response["error"] == {"code": "rate_limit_exceeded", "message": "Slow down"}
    assert response["usage"]["input_tokens"] == 3
    Response.model_validate(response)
    ResponseFailedEvent.model_validate(failed)


def test_a_stream_that_has_said_nothing_begins_first(errors, accumulated):
    final, _ = accumulated(event(errors))
    assert final.status == "failed"
    assert final.id == "resp_req1"


@pytest.mark.parametrize("answer_id", ["resp_1", "chatcmpl-1", "msg_1", "gen-5"])
def test_the_sdk_accepts_it_after_a_stream_s_beginning(
    errors, streams, decode, accumulated, answer_id
):
    """The id must be that of the events before, though a translated id is another."""
    encoder = streams.encoder(request=decode({"input": "x"}))
    begun = encoder.encode(StreamStart(id=answer_id, model="gpt-5"))
    failed = event(errors, answer=AnswerSummary(id=answer_id, model="gpt-5"), position=2)
    final, _ = accumulated(begun + failed)
    assert final.error.message == "Slow down"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.INVALID_REQUEST, "invalid_prompt"),
        (ErrorKind.CONTEXT_TOO_LONG, "context_length_exceeded"),
        (ErrorKind.BILLING, "insufficient_quota"),
        (ErrorKind.RATE_LIMIT, "rate_limit_exceeded"),
        (ErrorKind.OVERLOADED, "server_error"),
        (ErrorKind.TIMEOUT, "server_error"),
        (ErrorKind.PROTOCOL, "server_error"),
    ],
)
def test_the_code_says_whether_to_try_again(errors, kind, code):
    frame = event(errors, ErrorDetails(kind=kind, message="x"), position=1)
    failed = json.loads(frame.partition(b"data: ")[2])
    assert failed["response"]["error"]["code"] == code
    assert construct_type(type_=ResponseFailedEvent, value=failed).response.error.code == code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", ErrorKind.SERVER),
        ("later", ErrorKind.SERVER),
        (None, ErrorKind.SERVER),
        ("rate_limit_exceeded", ErrorKind.RATE_LIMIT),
        ("insufficient_quota", ErrorKind.BILLING),
        ("invalid_prompt", ErrorKind.INVALID_REQUEST),
        ("image_too_large", ErrorKind.INVALID_REQUEST),
        ("data_residency_mismatch", ErrorKind.PERMISSION),
        ("vector_store_timeout", ErrorKind.TIMEOUT),
    ],
)
def test_an_error_inside_a_stream_is_told_by_its_code(code, kind):
    for event in (
        {"type": "error", "code": code, "message": "No", "param": None, "sequence_number": 3},
        {"type": "error", "error": {"code": code, "message": "No"}},
        {"error": {"code": code, "message": "No"}},
    ):
        assert event_error(event) == ErrorDetails(kind=kind, message="No", code=code)


def test_a_type_beside_the_events_own_is_the_errors():
    event = {"type": "error", "error": {"type": "invalid_request_error", "message": "No"}}
    assert event_error(event).kind is ErrorKind.INVALID_REQUEST


def test_an_error_without_words_still_says_something():
    for event in ({"type": "error"}, {"error": None}):
        assert event_error(event).kind is ErrorKind.SERVER
        assert event_error(event).message
