"""Finished answers: the response object."""

import time

import msgspec
from attrs import frozen

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_responses.answer_fields import AnswerFields, note_answer
from lunaroute_core.dialects.openai_responses.output_items import output_items
from lunaroute_core.dialects.openai_responses.response_object import (
    Clock,
    last_item_status,
    write_response,
)
from lunaroute_core.dialects.openai_responses.response_reader import read_answer
from lunaroute_core.model import Finish, FinishReason, NormalizedRequest, NormalizedResponse

_ANSWER = msgspec.json.Decoder(AnswerFields)


@frozen(kw_only=True)
class ResponsesAnswers:
    """A `ResponseCodec`."""

    clock: Clock = time.time

    def summarize(self, body: bytes) -> AnswerSummary:
        try:
            answer = _ANSWER.decode(body)
        except RecursionError as error:
            raise ValueError("the response is nested too deeply") from error
        if answer.object != "response":
            raise ValueError('not a response: `object` is not "response"')
        summary = AnswerSummary()
        note_answer(summary, answer)
        return summary

    def decode(self, body: bytes) -> NormalizedResponse:
        return read_answer(body)

    def encode(self, response: NormalizedResponse, *, request: NormalizedRequest) -> bytes:
        answer = msgspec.structs.replace(
            response, finish=response.finish or Finish(reason=FinishReason.STOP)
        )
        status = last_item_status(answer.finish)
        items = output_items(answer.blocks, answer_id=answer.id, status=status)
        written = write_response(answer, request=request, output=items, now=self.clock())
        return msgspec.json.encode(written)
