"""Errors: OpenAI's own for HTTP answers, a `response.failed` event inside a stream."""

import time

import msgspec
from attrs import frozen

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.response_object import Clock, write_response
from lunaroute_core.dialects.openai_vendor import (
    decode_openai_error,
    encode_openai_error,
    openai_error_details,
)
from lunaroute_core.errors import ErrorDetails, ErrorKind
from lunaroute_core.headers import Headers
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Finish,
    FinishReason,
    NormalizedRequest,
    NormalizedResponse,
    RequestSource,
)
from lunaroute_core.sse import encode_event

_CODES = {
    ErrorKind.INVALID_REQUEST: "invalid_prompt",
    ErrorKind.CONTEXT_TOO_LONG: "context_length_exceeded",
    ErrorKind.BILLING: "insufficient_quota",
    ErrorKind.RATE_LIMIT: "rate_limit_exceeded",
}
"""Codex ends the turn at the first three and tries again at any other."""

_KINDS = {
    "data_residency_mismatch": ErrorKind.PERMISSION,
    "vector_store_timeout": ErrorKind.TIMEOUT,
    **dict.fromkeys(
        (
            "bio_policy",
            "empty_image_file",
            "failed_to_download_image",
            "image_content_policy_violation",
            "image_file_not_found",
            "image_file_too_large",
            "image_parse_error",
            "image_too_large",
            "image_too_small",
            "invalid_base64_image",
            "invalid_image",
            "invalid_image_format",
            "invalid_image_mode",
            "invalid_image_url",
            "invalid_prompt",
            "misalignment_policy_violation",
            "unsupported_image_media_type",
        ),
        ErrorKind.INVALID_REQUEST,
    ),
}
"""What the codes of failed responses, which have no status, say of whose fault it was
(`ResponseError` of OpenAI's SDK); of others it is the server's.
"""


@frozen(kw_only=True)
class ResponsesErrors:
    """An `ErrorCodec`."""

    clock: Clock = time.time

    def decode(self, status: int, headers: Headers, body: bytes) -> ErrorDetails:
        return decode_openai_error(status, headers, body)

    def encode(self, error: ErrorDetails, *, request_id: str) -> tuple[int, bytes]:
        return encode_openai_error(error, request_id=request_id)

    def encode_event(
        self, error: ErrorDetails, *, request_id: str, answer: AnswerSummary, position: int
    ) -> bytes:
        """A `response.failed` event, under the id that the stream began with.

        A stream that has said nothing yet must begin first: the SDK takes no other event
        before `response.created`, and derives its id from the gateway's request id.
        """
        response = NormalizedResponse(
            id=answer.id or f"resp_{request_id}", model=answer.model or "", usage=answer.usage
        )
        if answer.id is not None or position:
            return self._failed(response, error, position)
        created = _frame("response.created", self._written(response), position)
        return created + self._failed(response, error, position + 1)

    def _failed(self, response: NormalizedResponse, error: ErrorDetails, position: int) -> bytes:
        response.finish = Finish(reason=FinishReason.ERROR)
        written = self._written(response)
        written["error"] = failed_error(error)
        return _frame("response.failed", written, position)

    def _written(self, response: NormalizedResponse) -> JSONObject:
        request = NormalizedRequest(model=response.model, source=RequestSource(dialect=DIALECT))
        return write_response(response, request=request, output=[], now=self.clock())


def event_error(event: JSONObject) -> ErrorDetails:
    """The error of an `error` event, or of a failed response that is given as one.

    The event has the error's fields beside its own type, which is no error type, or, from
    some compatible servers, in an object.
    """
    fields = {key: value for key, value in event.items() if (key, value) != ("type", "error")}
    details = openai_error_details(fields)
    if details.kind is not ErrorKind.SERVER or details.code not in _KINDS:
        return details
    return msgspec.structs.replace(details, kind=_KINDS[details.code])


def failed_error(error: ErrorDetails) -> JSONObject:
    """The `error` of a failed response."""
    return {"code": _CODES.get(error.kind, "server_error"), "message": error.message}


def _frame(name: str, response: JSONObject, number: int) -> bytes:
    event: JSONObject = {"type": name, "sequence_number": number, "response": response}
    return encode_event(msgspec.json.encode(event), event=name)
