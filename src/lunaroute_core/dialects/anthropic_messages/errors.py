"""The error codec."""

import re

import msgspec

from lunaroute_core.dialects.anthropic_messages.rate_limits import rate_limits
from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.errors import KINDS_BY_STATUS, ErrorDetails, ErrorKind
from lunaroute_core.headers import Headers, find_header
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.rate_limits import wait_for_limits
from lunaroute_core.retry_after import parse_retry_after
from lunaroute_core.sse import encode_event

_BY_TYPE = {
    "authentication_error": ErrorKind.AUTHENTICATION,
    "permission_error": ErrorKind.PERMISSION,
    "billing_error": ErrorKind.BILLING,
    "not_found_error": ErrorKind.NOT_FOUND,
    "conflict_error": ErrorKind.CONFLICT,
    "memory_path_conflict_error": ErrorKind.CONFLICT,
    "request_too_large": ErrorKind.TOO_LARGE,
    "rate_limit_error": ErrorKind.RATE_LIMIT,
    "overloaded_error": ErrorKind.OVERLOADED,
    "timeout_error": ErrorKind.TIMEOUT,
}
"""Types that say what happened. `invalid_request_error` and `api_error` are also used for
whatever has no type of its own, so there the status is asked first."""

_ON_THE_WIRE = {
    ErrorKind.INVALID_REQUEST: (400, "invalid_request_error"),
    ErrorKind.CONTEXT_TOO_LONG: (400, "invalid_request_error"),
    ErrorKind.AUTHENTICATION: (401, "authentication_error"),
    ErrorKind.BILLING: (402, "billing_error"),
    ErrorKind.PERMISSION: (403, "permission_error"),
    ErrorKind.NOT_FOUND: (404, "not_found_error"),
    ErrorKind.CONFLICT: (409, "conflict_error"),
    ErrorKind.TOO_LARGE: (413, "request_too_large"),
    ErrorKind.RATE_LIMIT: (429, "rate_limit_error"),
    ErrorKind.SERVER: (500, "api_error"),
    ErrorKind.UNAVAILABLE: (502, "api_error"),
    ErrorKind.PROTOCOL: (502, "api_error"),
    ErrorKind.TIMEOUT: (504, "timeout_error"),
    ErrorKind.OVERLOADED: (529, "overloaded_error"),
}
_MONEY_CODE = re.compile(r"spend_limit_reached$|billing_unavailable$")
_MONEY = re.compile(
    r"credit balance is too low|reached your specified API usage limits", re.IGNORECASE
)
_CONTEXT = re.compile(
    r"prompt is too long|exceeds? (?:the )?(?:model's )?context (?:limit|window|length)",
    re.IGNORECASE,
)
_LONGEST_PLAIN_TEXT = 500


class MessagesErrors:
    """Error answers and error events."""

    def decode(self, status: int, headers: Headers, body: bytes) -> ErrorDetails:
        answer = _as_object(_json(body))
        error = _as_object(answer.get("error"))
        kind_word, message = _text(error, "type"), _message(answer, body)
        code = _text(_as_object(error.get("details")), "error_code") or _text(error, "code")
        retry = find_header(headers, b"x-should-retry")
        details = ErrorDetails(
            kind=error_kind(kind_word, status=status, code=code, message=message or ""),
            message=message or f"the upstream answered with status {status}",
            status=status,
            type=kind_word,
            code=code,
            retry_after=parse_retry_after(headers),
            request_id=find_header(headers, b"request-id") or _text(answer, "request_id"),
            should_retry={"true": True, "false": False}.get(retry or ""),
        )
        if details.retry_after is not None:
            return details
        wait = wait_for_limits(rate_limits(headers), details)
        return msgspec.structs.replace(details, retry_after=wait)

    def encode(self, error: ErrorDetails, *, request_id: str) -> tuple[int, bytes]:
        status, _ = _ON_THE_WIRE[error.kind]
        return status, write_error(error, request_id=request_id)

    def encode_event(
        self, error: ErrorDetails, *, request_id: str, answer: AnswerSummary, position: int
    ) -> bytes:
        del answer, position
        return encode_event(write_error(error, request_id=request_id), event="error")


def error_kind(
    word: str | None, *, status: int | None, code: str | None, message: str
) -> ErrorKind:
    """The kind of an error, from the most telling to the least: code, type, text, status.

    Args:
        word: `error.type`.
        status: the HTTP status, None for an event inside a stream.
        code: `error.details.error_code`.
        message: the text. The vendor has no code for a prompt that is too long, nor for
            every lack of money; its wording is all there is.
    """
    if code is not None and _MONEY_CODE.search(code):
        return ErrorKind.BILLING
    if word in _BY_TYPE:
        return _BY_TYPE[word]
    refused = status is None or 400 <= status < 500
    if refused and _MONEY.search(message):
        return ErrorKind.BILLING
    if refused and _CONTEXT.search(message):
        return ErrorKind.CONTEXT_TOO_LONG
    if status in KINDS_BY_STATUS:
        return KINDS_BY_STATUS[status]
    if status is None:
        refused = word == "invalid_request_error"
    return ErrorKind.INVALID_REQUEST if refused else ErrorKind.SERVER


def write_error(error: ErrorDetails, *, request_id: str | None) -> bytes:
    """The error object, in a body or in an event."""
    _, word = _ON_THE_WIRE[error.kind]
    inner: JSONObject = {"type": word, "message": error.message}
    if error.code is not None:
        inner["details"] = {"error_code": error.code}
    return msgspec.json.encode({"type": "error", "error": inner, "request_id": request_id})


def _json(body: bytes) -> JSONValue:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None


def _as_object(value: JSONValue) -> JSONObject:
    return value if isinstance(value, dict) else {}


def _text(values: JSONObject, key: str) -> str | None:
    value = values.get(key)
    return value if isinstance(value, str) and value else None


def _message(answer: JSONObject, body: bytes) -> str | None:
    """The vendor's message, or that of whatever answered in its place; no markup."""
    error = _as_object(answer.get("error"))
    found = _text(error, "message") or _text(answer, "error") or _text(answer, "message")
    if found is not None or answer:
        return found
    text = body[: _LONGEST_PLAIN_TEXT * 4].decode("utf-8", "replace").strip()
    return None if text.startswith(("<", "{")) else text[:_LONGEST_PLAIN_TEXT] or None
