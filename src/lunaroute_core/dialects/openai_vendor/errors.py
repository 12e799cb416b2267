"""OpenAI's errors: `{"error": {"message", "type", "param", "code"}}`, read and written.

Reading is lenient, because what answers at an OpenAI-compatible address may be a vendor's
own server, vLLM, a gateway with other shapes, or a load balancer's HTML page.
"""

import re

import msgspec
from attrs import frozen

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_vendor.rate_limits import openai_rate_limits
from lunaroute_core.errors import KINDS_BY_STATUS, ErrorDetails, ErrorKind
from lunaroute_core.headers import Headers, find_header
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.rate_limits import wait_for_limits
from lunaroute_core.retry_after import parse_retry_after
from lunaroute_core.sse import encode_event

MAX_MESSAGE_CHARACTERS = 2000

_KINDS_BY_WORD = {
    "insufficient_quota": ErrorKind.BILLING,
    "insufficient_balance": ErrorKind.BILLING,
    "credit_balance_exhausted": ErrorKind.BILLING,
    "organization_usage_limit_exceeded": ErrorKind.BILLING,
    "billing_hard_limit_reached": ErrorKind.BILLING,
    "billing_not_active": ErrorKind.BILLING,
    "context_length_exceeded": ErrorKind.CONTEXT_TOO_LONG,
    "model_not_found": ErrorKind.NOT_FOUND,
    "DeploymentNotFound": ErrorKind.NOT_FOUND,
    "invalid_api_key": ErrorKind.AUTHENTICATION,
    "rate_limit_exceeded": ErrorKind.RATE_LIMIT,
    "slow_down": ErrorKind.RATE_LIMIT,
    "server_is_overloaded": ErrorKind.OVERLOADED,
    "engine_overloaded": ErrorKind.OVERLOADED,
}
"""What a `code` or `type` says beyond the status."""

_KINDS_BY_TYPE = {
    "invalid_request_error": ErrorKind.INVALID_REQUEST,
    "authentication_error": ErrorKind.AUTHENTICATION,
    "permission_error": ErrorKind.PERMISSION,
    "not_found_error": ErrorKind.NOT_FOUND,
    "rate_limit_error": ErrorKind.RATE_LIMIT,
    "requests": ErrorKind.RATE_LIMIT,
    "tokens": ErrorKind.RATE_LIMIT,
    "overloaded_error": ErrorKind.OVERLOADED,
    "timeout_error": ErrorKind.TIMEOUT,
}
"""What a `type` says where there is no status, inside a stream."""


_SPEND_LIMIT = re.compile(r"_spend_limit_(?:exceeded|reached)$")
_CONTEXT_MESSAGE = re.compile(
    r"maximum context length|context (?:window|length) exceeded", re.IGNORECASE
)
"""vLLM and others report an overlong prompt only in the words OpenAI once used."""

_WRITTEN: dict[ErrorKind, tuple[int, str, str | None]] = {
    ErrorKind.INVALID_REQUEST: (400, "invalid_request_error", None),
    ErrorKind.CONTEXT_TOO_LONG: (400, "invalid_request_error", "context_length_exceeded"),
    ErrorKind.AUTHENTICATION: (401, "invalid_request_error", "invalid_api_key"),
    ErrorKind.PERMISSION: (403, "permission_error", None),
    ErrorKind.BILLING: (429, "insufficient_quota", "insufficient_quota"),
    ErrorKind.NOT_FOUND: (404, "invalid_request_error", None),
    ErrorKind.CONFLICT: (409, "invalid_request_error", "conflict"),
    ErrorKind.TOO_LARGE: (413, "invalid_request_error", "request_too_large"),
    ErrorKind.RATE_LIMIT: (429, "rate_limit_error", "rate_limit_exceeded"),
    ErrorKind.OVERLOADED: (503, "server_error", "server_is_overloaded"),
    ErrorKind.TIMEOUT: (504, "server_error", "timeout"),
    ErrorKind.SERVER: (500, "server_error", "server_error"),
    ErrorKind.UNAVAILABLE: (502, "server_error", "upstream_unavailable"),
    ErrorKind.PROTOCOL: (502, "server_error", "upstream_protocol_error"),
}
"""Status, type and, where the error brings none, code."""


@frozen
class OpenAIErrors:
    """An `ErrorCodec` whose stream errors are Chat's: a `data` frame with the error object."""

    def decode(self, status: int, headers: Headers, body: bytes) -> ErrorDetails:
        return decode_openai_error(status, headers, body)

    def encode(self, error: ErrorDetails, *, request_id: str) -> tuple[int, bytes]:
        return encode_openai_error(error, request_id=request_id)

    def encode_event(
        self,
        error: ErrorDetails,
        *,
        request_id: str,
        answer: AnswerSummary,  # noqa: ARG002
        position: int,  # noqa: ARG002
    ) -> bytes:
        """The SDK raises APIError from such a frame, and no `[DONE]` may follow it."""
        return encode_event(encode_openai_error(error, request_id=request_id)[1])


def decode_openai_error(status: int, headers: Headers, body: bytes) -> ErrorDetails:
    """Read an error answer; bytes that are not OpenAI's become an excerpt in `message`."""
    try:
        answer: JSONValue = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = body.decode("utf-8", "replace")
    details = openai_error_details(answer, status=status)
    retry_after = parse_retry_after(headers)
    if retry_after is None:
        retry_after = wait_for_limits(openai_rate_limits(headers), details)
    return msgspec.structs.replace(
        details,
        retry_after=retry_after,
        request_id=find_header(headers, b"x-request-id"),
        should_retry={"true": True, "false": False}.get(
            find_header(headers, b"x-should-retry") or ""
        ),
    )


def openai_error_details(answer: JSONValue, *, status: int | None = None) -> ErrorDetails:
    """An error from its JSON: the whole answer, or the value of its `error` key.

    `status` is None for an error inside a stream.
    """
    error = _error_object(answer)
    message = _first_text(error, "message", "detail", "error")
    kind_of = error.get("type")
    code = error.get("code")
    # OpenRouter and vLLM put a status into `code`.
    if status is None and isinstance(code, int) and 400 <= code <= 599:
        status = code
    type_word = kind_of if isinstance(kind_of, str) else None
    code_word = str(code) if isinstance(code, str | int) else None
    param = error.get("param")
    return ErrorDetails(
        kind=_kind(status, type_word, code_word, message),
        message=message or _without_words(status),
        status=status,
        type=type_word,
        code=code_word,
        param=param if isinstance(param, str) else None,
    )


def encode_openai_error(
    error: ErrorDetails,
    *,
    request_id: str,  # noqa: ARG001 - OpenAI gives the id in a header only
) -> tuple[int, bytes]:
    """HTTP status and body; both follow from `error.kind`, the code is kept."""
    body: JSONObject = {"error": openai_error_object(error)}
    return _WRITTEN[error.kind][0], msgspec.json.encode(body)


def openai_error_object(error: ErrorDetails) -> JSONObject:
    """`{"message", "type", "param", "code"}`."""
    _, kind_of, code = _WRITTEN[error.kind]
    if error.kind is ErrorKind.NOT_FOUND and error.param == "model":
        code = "model_not_found"
    return {
        "message": error.message,
        "type": kind_of,
        "param": error.param,
        "code": error.code or code,
    }


def _error_object(answer: JSONValue) -> JSONObject:
    """The object with the message, in any shape seen at OpenAI-compatible addresses."""
    # Gemini's compatible endpoint wraps the answer in an array.
    if isinstance(answer, list) and answer:
        answer = answer[0]
    if isinstance(answer, dict):
        inner = answer.get("error")
        return inner if isinstance(inner, dict) else answer
    return {"message": answer}


def _first_text(error: JSONObject, *keys: str) -> str:
    for key in keys:
        value = error.get(key)
        if value in (None, "", [], {}):
            continue
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        # An HTML page is mostly white space.
        excerpt = " ".join(text[: 4 * MAX_MESSAGE_CHARACTERS].split())
        if excerpt:
            return excerpt[:MAX_MESSAGE_CHARACTERS]
    return ""


def _without_words(status: int | None) -> str:
    place = "inside the stream" if status is None else f"with status {status}"
    return f"the upstream reported an error {place} without saying which"


def _kind(
    status: int | None, type_word: str | None, code_word: str | None, message: str
) -> ErrorKind:
    for word in (code_word, type_word):
        if word in _KINDS_BY_WORD:
            return _KINDS_BY_WORD[word]
        if word and _SPEND_LIMIT.search(word):
            return ErrorKind.BILLING
    if status in (None, 400) and _CONTEXT_MESSAGE.search(message):
        return ErrorKind.CONTEXT_TOO_LONG
    if status is None:
        return _KINDS_BY_TYPE.get(type_word or "", ErrorKind.SERVER)
    by_range = ErrorKind.INVALID_REQUEST if 400 <= status < 500 else ErrorKind.SERVER
    return KINDS_BY_STATUS.get(status, by_range)
