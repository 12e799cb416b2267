"""Requests: `POST /v1/responses`."""

import msgspec
from attrs import frozen
from msgspec import Struct

from lunaroute_core.dialects.codec import BodyEdits, Peek, UserTurn
from lunaroute_core.dialects.openai_responses import request_body
from lunaroute_core.dialects.openai_responses.body_edits import edited
from lunaroute_core.dialects.openai_responses.fields import read_object
from lunaroute_core.dialects.openai_responses.input_items import read_item
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.namespaces import read_tools
from lunaroute_core.dialects.openai_responses.request_body import RequestBody
from lunaroute_core.dialects.openai_responses.request_encoder import encode_request
from lunaroute_core.dialects.openai_responses.tools import read_tool_choice
from lunaroute_core.dialects.openai_responses.turns import Turns
from lunaroute_core.dialects.openai_responses.user_turns import find_user_turns, hands_back_results
from lunaroute_core.dialects.raw_json import replace_top_level
from lunaroute_core.dialects.request_json import read_peek, read_request
from lunaroute_core.headers import Headers
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import NormalizedRequest, RequestSource, TextBlock, ToolChoice
from lunaroute_core.request_limits import DEFAULT_LIMITS, RequestLimits
from lunaroute_core.translation import Translation


class _Peeked(Struct):
    model: str | None = None
    stream: bool | None = None


_PEEK = msgspec.json.Decoder(_Peeked)
_OBJECT = msgspec.json.Decoder(JSONObject)


@frozen
class ResponsesRequests:
    """A `RequestCodec`."""

    def peek(self, body: bytes) -> Peek:
        peeked = read_peek(_PEEK, body)
        return Peek(model=request_body.check_model(peeked.model), stream=peeked.stream is True)

    def decode(
        self, body: bytes, *, headers: Headers = (), limits: RequestLimits = DEFAULT_LIMITS
    ) -> NormalizedRequest:
        raw = read_request(_OBJECT, body)
        fields = read_object(raw, RequestBody)
        request_body.check_body(fields, limits)
        turns = _conversation(fields, limits)
        return NormalizedRequest(
            model=request_body.check_model(fields.model),
            source=RequestSource(dialect=DIALECT, betas=_betas(headers)),
            instructions=turns.instructions,
            turns=turns.turns,
            tools=read_tools(fields.tools or []),
            tool_choice=_tool_choice(fields),
            parallel_tool_calls=fields.parallel_tool_calls,
            limits=request_body.limits_of(fields),
            sampling=request_body.sampling(fields),
            reasoning=request_body.reasoning(fields),
            output=request_body.output(fields),
            cache=request_body.cache(fields),
            identity=request_body.identity(fields),
            tier=fields.service_tier,
            conversation=request_body.conversation(fields),
            stream=request_body.stream_options(fields),
            extensions=request_body.body_extensions(raw, fields),
        )

    def replace_model(self, body: bytes, model: str) -> bytes:
        return replace_top_level(body, "model", model)

    def edit(self, body: bytes, edits: BodyEdits) -> bytes:
        if edits == BodyEdits():
            return body
        return msgspec.json.encode(edited(read_request(_OBJECT, body), edits))

    def encode(self, request: NormalizedRequest, translation: Translation) -> bytes:
        return encode_request(request, translation)

    def user_turns(self, body: bytes) -> tuple[UserTurn, ...]:
        return find_user_turns(body)

    def continues_tool_loop(self, body: bytes) -> bool:
        return hands_back_results(body)


def _conversation(body: RequestBody, limits: RequestLimits) -> Turns:
    turns = Turns()
    if body.instructions:
        turns.instructions.append(TextBlock(text=body.instructions))
    if isinstance(body.input, str):
        turns.add_text(body.input)
        return turns
    for index, item in enumerate(body.input or []):
        turns.add(read_item(item, param=f"input[{index}]", limits=limits))
    return turns


def _tool_choice(body: RequestBody) -> ToolChoice | None:
    return None if body.tool_choice is None else read_tool_choice(body.tool_choice)


def _betas(headers: Headers) -> list[str]:
    """The tokens of every `OpenAI-Beta` header."""
    values = [value.decode("latin-1") for key, value in headers if key.lower() == b"openai-beta"]
    return [token.strip() for value in values for token in value.split(",") if token.strip()]
