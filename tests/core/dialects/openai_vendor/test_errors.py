import httpx2
import msgspec
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_vendor import (
    OpenAIErrors,
    decode_openai_error,
    encode_openai_error,
)
from lunaroute_core.dialects.openai_vendor.errors import MAX_MESSAGE_CHARACTERS
from lunaroute_core.errors import ErrorDetails, ErrorKind

ERRORS = OpenAIErrors()


def decoded(status, error=None, **headers):
    pairs = tuple((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items())
    return decode_openai_error(status, pairs, msgspec.json.encode({"error": error}))


def test_every_field_of_openais_error_is_read():
    details = decoded(
        429,
        {"message": "slow", "type": "requests", "param": "messages", "code": "rate_limit_exceeded"},
        retry_after="3",
        x_request_id="req_1",
        x_should_retry="true",
    )
    assert details == ErrorDetails(
        kind=ErrorKind.RATE_LIMIT,
        message="slow",
        status=429,
        type="requests",
        code="rate_limit_exceeded",
        param="messages",
        retry_after=3.0,
        request_id="req_1",
        should_retry=True,
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.INVALID_REQUEST),
        (401, ErrorKind.AUTHENTICATION),
        (402, ErrorKind.BILLING),
        (403, ErrorKind.PERMISSION),
        (404, ErrorKind.NOT_FOUND),
        (408, ErrorKind.TIMEOUT),
        (409, ErrorKind.CONFLICT),
        (413, ErrorKind.TOO_LARGE),
        (418, ErrorKind.INVALID_REQUEST),
        (422, ErrorKind.INVALID_REQUEST),
        (429, ErrorKind.RATE_LIMIT),
        (500, ErrorKind.SERVER),
        (502, ErrorKind.SERVER),
        (503, ErrorKind.OVERLOADED),
        (504, ErrorKind.TIMEOUT),
        (529, ErrorKind.OVERLOADED),
    ],
)
def test_the_status_tells_the_kind(status, kind):
    assert decoded(status, {"message": "x"}).kind is kind


@pytest.mark.parametrize(
    ("status", "field", "word", "kind"),
    [
        (429, "code", "insufficient_quota", ErrorKind.BILLING),
        (429, "type", "insufficient_quota", ErrorKind.BILLING),
        (429, "code", "project_spend_limit_exceeded", ErrorKind.BILLING),
        (429, "code", "workspace_spend_limit_reached", ErrorKind.BILLING),
        (429, "code", "credit_balance_exhausted", ErrorKind.BILLING),
        (429, "code", "organization_usage_limit_exceeded", ErrorKind.BILLING),
        (400, "code", "context_length_exceeded", ErrorKind.CONTEXT_TOO_LONG),
        (400, "code", "model_not_found", ErrorKind.NOT_FOUND),
        (404, "code", "DeploymentNotFound", ErrorKind.NOT_FOUND),
        (503, "code", "slow_down", ErrorKind.RATE_LIMIT),
        (500, "code", "server_is_overloaded", ErrorKind.OVERLOADED),
    ],
)
def test_code_and_type_say_more_than_the_status(status, field, word, kind):
    assert decoded(status, {"message": "x", field: word}).kind is kind


def test_an_overlong_prompt_is_known_by_its_words_where_there_is_no_code():
    error = {"message": "This model's maximum context length is 8192 tokens.", "code": 400}
    assert decoded(400, error).kind is ErrorKind.CONTEXT_TOO_LONG


def test_money_without_a_retry_header_says_nothing_about_retrying():
    assert decoded(429, {"code": "insufficient_quota"}).should_retry is None
    assert (
        decoded(429, {"code": "insufficient_quota"}, x_should_retry="false").should_retry is False
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":"plain words"}', "plain words"),
        (b'{"object":"error","message":"vllm words","code":400}', "vllm words"),
        (b'{"detail":"fastapi words"}', "fastapi words"),
        (b'{"detail":[{"loc":["body"]}]}', '[{"loc":["body"]}]'),
        (b'[{"error":{"message":"gemini words"}}]', "gemini words"),
        (b'{"statusCode":401,"message":"azure words"}', "azure words"),
        (
            b"<html>\n  <body>Bad\n   Gateway</body></html>",
            "<html> <body>Bad Gateway</body></html>",
        ),
        (b'"a string"', "a string"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_words_are_found_in_whatever_answers(body, message):
    assert decode_openai_error(502, (), body).message == message


@pytest.mark.parametrize("body", [b"", b"   ", b"{}", b"null", b"[]", b'{"error":{}}'])
def test_an_answer_without_words_still_says_something(body):
    assert "502" in decode_openai_error(502, (), body).message


def test_a_long_body_is_cut():
    assert len(decode_openai_error(500, (), b"x" * 10_000_000).message) == MAX_MESSAGE_CHARACTERS


def test_values_of_other_types_do_not_disturb():
    details = decoded(500, {"message": ["a"], "type": 5, "param": {}, "code": 1234})
    assert (details.message, details.type, details.param, details.code) == (
        '["a"]',
        None,
        None,
        "1234",
    )


@given(st.integers(400, 599), st.binary() | st.text().map(str.encode))
def test_any_bytes_give_an_error_that_can_be_written(status, body):
    details = decode_openai_error(status, (), body)
    assert details.status == status
    assert details.message
    assert encode_openai_error(details, request_id="req_1")[0] >= 400


@pytest.mark.parametrize(
    ("kind", "status", "exception"),
    [
        (ErrorKind.INVALID_REQUEST, 400, openai.BadRequestError),
        (ErrorKind.CONTEXT_TOO_LONG, 400, openai.BadRequestError),
        (ErrorKind.AUTHENTICATION, 401, openai.AuthenticationError),
        (ErrorKind.PERMISSION, 403, openai.PermissionDeniedError),
        (ErrorKind.BILLING, 429, openai.RateLimitError),
        (ErrorKind.NOT_FOUND, 404, openai.NotFoundError),
        (ErrorKind.CONFLICT, 409, openai.ConflictError),
        (ErrorKind.TOO_LARGE, 413, openai.APIStatusError),
        (ErrorKind.RATE_LIMIT, 429, openai.RateLimitError),
        (ErrorKind.OVERLOADED, 503, openai.InternalServerError),
        (ErrorKind.TIMEOUT, 504, openai.InternalServerError),
        (ErrorKind.SERVER, 500, openai.InternalServerError),
        (ErrorKind.UNAVAILABLE, 502, openai.InternalServerError),
        (ErrorKind.PROTOCOL, 502, openai.InternalServerError),
    ],
)
def test_the_sdk_raises_its_own_class_for_every_kind(kind, status, exception):
    error = ErrorDetails(kind=kind, message="words", param="model", status=529)
    written, body = encode_openai_error(error, request_id="req_1")
    assert written == status

    def answer(request):
        headers = {"x-request-id": "req_1", "content-type": "application/json"}
        return httpx2.Response(written, headers=headers, content=body)

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    client = openai.OpenAI(api_key="x", max_retries=0, http_client=http)
    with pytest.raises(exception) as caught:
        client.models.list()
    assert type(caught.value) is exception
    assert (caught.value.status_code, caught.value.request_id) == (status, "req_1")
    assert (caught.value.param, caught.value.body["message"]) == ("model", "words")


def test_all_kinds_have_a_row():
    for kind in ErrorKind:
        status, _ = encode_openai_error(ErrorDetails(kind=kind, message="x"), request_id="r")
        assert status >= 400


def test_a_known_code_is_kept_and_a_foreign_type_translated():
    error = ErrorDetails(
        kind=ErrorKind.OVERLOADED, message="x", type="overloaded_error", code="busy"
    )
    _, body = encode_openai_error(error, request_id="r")
    assert msgspec.json.decode(body) == {
        "error": {"message": "x", "type": "server_error", "param": None, "code": "busy"}
    }


@pytest.mark.parametrize("kind", ErrorKind)
def test_reading_a_written_error_gives_its_kind_again(kind):
    status, body = encode_openai_error(ErrorDetails(kind=kind, message="x"), request_id="r")
    again = decode_openai_error(status, (), body).kind
    ours = {ErrorKind.UNAVAILABLE: ErrorKind.SERVER, ErrorKind.PROTOCOL: ErrorKind.SERVER}
    assert again is ours.get(kind, kind)


def test_an_error_inside_a_stream_is_one_frame_without_done():
    error = ErrorDetails(kind=ErrorKind.SERVER, message="broke")
    frame = ERRORS.encode_event(error, request_id="r", answer=AnswerSummary(), position=3)
    assert frame.startswith(b'data: {"error":{')
    assert frame.endswith(b"}\n\n")
    assert b"[DONE]" not in frame


def test_the_codec_reads_and_writes_like_the_functions():
    error = ERRORS.decode(404, (), b"gone")
    assert error == decode_openai_error(404, (), b"gone")
    assert ERRORS.encode(error, request_id="r") == encode_openai_error(error, request_id="r")
