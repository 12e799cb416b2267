"""Requests in Chat: the two fields read of each, the whole one both ways, edits in place."""

from itertools import takewhile

import msgspec
from attrs import frozen

from lunaroute_core.dialects.codec import BodyEdits, Peek, UserTurn
from lunaroute_core.dialects.json_places import elements_at, fields_at, text_at
from lunaroute_core.dialects.openai_chat.request_decoding import decode_request
from lunaroute_core.dialects.openai_chat.request_encoding import encode_request
from lunaroute_core.dialects.openai_chat.user_turns import find_user_turns, hands_back_results
from lunaroute_core.dialects.place import Place
from lunaroute_core.dialects.raw_json import merge_over, replace_top_level
from lunaroute_core.dialects.request_json import missing_field, read_peek, read_request
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.headers import Headers
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import NormalizedRequest
from lunaroute_core.request_limits import DEFAULT_LIMITS, RequestLimits
from lunaroute_core.translation import Translation


class _PeekedBody(msgspec.Struct, gc=False):
    model: str = ""
    stream: bool | None = None


_PEEK = msgspec.json.Decoder(_PeekedBody)
_RAW_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY: msgspec.json.Decoder[JSONValue] = msgspec.json.Decoder()


@frozen
class ChatRequests:
    """A `RequestCodec`."""

    def peek(self, body: bytes) -> Peek:
        seen = read_peek(_PEEK, body)
        if not seen.model:
            raise missing_field("model")
        return Peek(seen.model, bool(seen.stream))

    def decode(
        self,
        body: bytes,
        *,
        headers: Headers = (),  # noqa: ARG002 - Chat says everything in the body
        limits: RequestLimits = DEFAULT_LIMITS,
    ) -> NormalizedRequest:
        return decode_request(body, limits=limits)

    def replace_model(self, body: bytes, model: str) -> bytes:
        return replace_top_level(body, "model", model)

    def encode(self, request: NormalizedRequest, translation: Translation) -> bytes:
        return encode_request(request, translation)

    def edit(self, body: bytes, edits: BodyEdits) -> bytes:
        """Only the fields that an edit names are written anew, the others keep their bytes."""
        fields = read_request(_RAW_FIELDS, body)
        for key, value in edits.defaults.items():
            fields[key] = _defaulted(fields.get(key), value)
        for key, value in edits.overrides.items():
            fields[key] = _overridden(fields.get(key), value)
        if edits.prepend_messages:
            fields["messages"] = _prepended(fields.get("messages"), edits.prepend_messages)
        return msgspec.json.encode(fields)

    def user_turns(self, body: bytes) -> tuple[UserTurn, ...]:
        return find_user_turns(body)

    def continues_tool_loop(self, body: bytes) -> bool:
        return hands_back_results(body)


def _defaulted(sent: msgspec.Raw | None, value: JSONValue) -> msgspec.Raw:
    """What was sent, over a default."""
    if sent is None:
        return _raw(value)
    if isinstance(value, dict) and isinstance(old := _value(sent), dict):
        return _raw(merge_over(value, old))
    return sent


def _overridden(sent: msgspec.Raw | None, value: JSONValue) -> msgspec.Raw:
    """An override, over what was sent."""
    if sent is not None and isinstance(value, dict) and isinstance(old := _value(sent), dict):
        return _raw(merge_over(old, value))
    return _raw(value)


def _prepended(sent: msgspec.Raw | None, first: list[JSONObject]) -> msgspec.Raw:
    """The array of messages with instructions before it, and other messages before the first
    that is none; the bytes of what was sent stay.
    """
    old = bytes(sent).strip() if sent is not None else b"[]"
    if not old.startswith(b"["):
        raise InvalidRequestError("messages: must be an array", param="messages")
    places = list(elements_at(old, Place(0, len(old))))
    before = list(takewhile(lambda place: _instructs(text_at(old, _role(old, place))), places))
    after = places[len(before) :]
    messages = [
        *(_raw(message) for message in first if _instructs(message.get("role"))),
        *(msgspec.Raw(old[place.start : place.end]) for place in before),
        *(_raw(message) for message in first if not _instructs(message.get("role"))),
    ]
    begun = msgspec.json.encode(messages).removesuffix(b"]")
    return msgspec.Raw(b"%b,%b" % (begun, old[after[0].start :]) if after else begun + b"]")


def _role(body: bytes, message: Place) -> Place | None:
    return fields_at(body, message).get("role")


def _instructs(role: JSONValue) -> bool:
    return role in ("system", "developer")


def _value(raw: msgspec.Raw) -> JSONValue:
    return read_request(_ANY, bytes(raw))


def _raw(value: JSONValue) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
