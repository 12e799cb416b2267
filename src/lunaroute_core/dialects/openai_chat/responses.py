"""Finished answers in Chat: `chat.completion` objects."""

import time
from collections.abc import Callable

import msgspec
from attrs import frozen

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_chat.answer_decoding import decode_completion
from lunaroute_core.dialects.openai_chat.extensions import DIALECT, form_of, own_fields
from lunaroute_core.dialects.openai_chat.finish import REASONS, finish_word, native_word
from lunaroute_core.dialects.openai_chat.identity import completion_id
from lunaroute_core.dialects.openai_chat.message_encoding import (
    MessageContent,
    choice_logprobs,
    encode_message,
)
from lunaroute_core.dialects.openai_chat.usage import read_usage, write_usage
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    Candidate,
    Extensions,
    NormalizedRequest,
    NormalizedResponse,
)


class _Choice(msgspec.Struct):
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    usage: JSONValue = None
    error: JSONValue = None


_COMPLETION = msgspec.json.Decoder(_Completion)


@frozen(kw_only=True)
class ChatResponses:
    """A `ResponseCodec`. `clock` gives Unix time, for answers that bring no `created`."""

    clock: Callable[[], float] = time.time

    def summarize(self, body: bytes) -> AnswerSummary:
        """What the answer says of itself; its first choice tells the finish reason.

        Raises:
            ValueError: not JSON, no `choices`, or an `error` that came with a 200.
        """
        try:
            answer = _COMPLETION.decode(body)
        except RecursionError as error:
            raise ValueError("the completion is nested too deeply") from error
        if answer.error:
            raise ValueError("an error object instead of a completion")
        word = answer.choices[0].finish_reason if answer.choices else None
        return AnswerSummary(
            id=answer.id,
            model=answer.model,
            finish_reason=REASONS.get(word or ""),
            usage=read_usage(answer.usage),
        )

    def decode(self, body: bytes) -> NormalizedResponse:
        return decode_completion(body)

    def encode(self, response: NormalizedResponse, *, request: NormalizedRequest) -> bytes:
        legacy = request.source.legacy_functions
        own: JSONObject = {}
        kept: Extensions = {}
        if response.extensions:
            own = own_fields(response.extensions)
            first = form_of(response.extensions).get("choice")
            kept = {DIALECT: first} if isinstance(first, dict) else {}
        proper = Candidate(index=0, blocks=response.blocks, finish=response.finish, extensions=kept)
        choices: list[JSONValue] = [_choice(proper, legacy=legacy)]
        if response.alternatives:
            choices += [_choice(it, legacy=legacy) for it in response.alternatives]
        completion: JSONObject = {
            **own,
            "id": completion_id(response.id),
            "object": "chat.completion",
            "created": int(self.clock()) if response.created is None else response.created,
            "model": response.model,
            "choices": choices,
            "usage": write_usage(response.usage),
        }
        return msgspec.json.encode(completion)


def _choice(candidate: Candidate, *, legacy: bool) -> JSONObject:
    content = MessageContent.of(candidate.blocks)
    kept = own_fields(candidate.extensions) if candidate.extensions else {}
    tokens = content.tokens
    if (native := native_word(candidate.finish)) is not None:
        kept = {"native_finish_reason": native, **kept}
    return {
        "index": candidate.index,
        "message": encode_message(content, legacy=legacy),
        "finish_reason": finish_word(candidate.finish, calls=bool(content.calls), legacy=legacy),
        **kept,
        "logprobs": choice_logprobs(tokens, kept) if tokens or kept else None,
    }
