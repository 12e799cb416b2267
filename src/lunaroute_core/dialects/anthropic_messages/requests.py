"""The request codec."""

from msgspec import Struct
from msgspec.json import Decoder

from lunaroute_core.dialects.anthropic_messages.body_edits import edit_body
from lunaroute_core.dialects.anthropic_messages.request_decoder import (
    check_model,
    read_messages_request,
)
from lunaroute_core.dialects.anthropic_messages.request_encoder import encode_messages_request
from lunaroute_core.dialects.anthropic_messages.user_turns import (
    find_user_turns,
    hands_back_results,
)
from lunaroute_core.dialects.codec import BodyEdits, Peek, UserTurn
from lunaroute_core.dialects.raw_json import replace_top_level
from lunaroute_core.dialects.request_json import read_peek
from lunaroute_core.headers import Headers
from lunaroute_core.model import NormalizedRequest
from lunaroute_core.request_limits import DEFAULT_LIMITS, RequestLimits
from lunaroute_core.translation import Translation


class _Peeked(Struct):
    model: str
    stream: bool | None = None


_PEEKED = Decoder(_Peeked)


class MessagesRequests:
    """Bodies of `/v1/messages` and of `/v1/messages/count_tokens`."""

    def peek(self, body: bytes) -> Peek:
        peeked = read_peek(_PEEKED, body)
        check_model(peeked.model, DEFAULT_LIMITS)
        return Peek(model=peeked.model, stream=bool(peeked.stream))

    def decode(
        self, body: bytes, *, headers: Headers = (), limits: RequestLimits = DEFAULT_LIMITS
    ) -> NormalizedRequest:
        return read_messages_request(body, headers=headers, limits=limits)

    def replace_model(self, body: bytes, model: str) -> bytes:
        return replace_top_level(body, "model", model)

    def edit(self, body: bytes, edits: BodyEdits) -> bytes:
        return edit_body(body, edits)

    def encode(self, request: NormalizedRequest, translation: Translation) -> bytes:
        return encode_messages_request(request, translation)

    def user_turns(self, body: bytes) -> tuple[UserTurn, ...]:
        return find_user_turns(body)

    def continues_tool_loop(self, body: bytes) -> bool:
        return hands_back_results(body)
