"""Errors: OpenAI's own for HTTP answers, a `response.failed` event inside a stream."""

import time

import msgspec
from attrs import frozen

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.response_object import Clock, write_response
from lunaroute_core.dialects.openai_vendor import decode_openai_error, encode_openai_error
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


def failed_error(error: ErrorDetails) -> JSONObject:
    """The `error` of a failed response."""
    return {"code": _CODES.get(error.kind, "server_error"), "message": error.message}


def _frame(name: str, response: JSONObject, number: int) -> bytes:
    event: JSONObject = {"type": name, "sequence_number": number, "response": response}
    return encode_event(msgspec.json.encode(event), event=name)
