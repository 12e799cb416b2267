"""A whole request: every field mapped, the rest kept in extensions."""

import msgspec

from lunaroute_core.dialects.openai_chat.extensions import DIALECT, FORM
from lunaroute_core.dialects.openai_chat.fields import wrong_or_missing
from lunaroute_core.dialects.openai_chat.message_decoding import MessageReader
from lunaroute_core.dialects.openai_chat.setting_decoding import SettingsReader
from lunaroute_core.dialects.request_json import check_bytes, read_request
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import NormalizedRequest, RequestSource
from lunaroute_core.request_limits import RequestLimits

_DECODER = msgspec.json.Decoder(JSONObject)
_SOURCE = RequestSource(dialect=DIALECT)


def decode_request(body: bytes, *, limits: RequestLimits) -> NormalizedRequest:
    """Read a body whole.

    Raises:
        InvalidRequestError: it is malformed, or a value is out of range or over a limit.
    """
    fields = read_request(_DECODER, body)
    messages = MessageReader(limits)
    messages.read(_messages(fields.pop("messages", None), limits))
    request = NormalizedRequest(
        model=_model(fields.pop("model", None), limits),
        source=_SOURCE,
        instructions=messages.instructions,
        turns=messages.turns,
    )
    settings = SettingsReader(fields, request, limits)
    settings.read()
    if settings.form:
        settings.left[FORM] = settings.form
    if settings.left:
        request.extensions = {DIALECT: settings.left}
    return request


def _messages(messages: JSONValue, limits: RequestLimits) -> list[JSONValue]:
    if not isinstance(messages, list):
        raise wrong_or_missing(messages, "an array", param="messages")
    if not 1 <= len(messages) <= limits.max_messages:
        raise InvalidRequestError(
            f"messages: must hold 1 to {limits.max_messages} messages, got {len(messages)}",
            param="messages",
        )
    return messages


def _model(model: JSONValue, limits: RequestLimits) -> str:
    if not isinstance(model, str):
        raise wrong_or_missing(model, "a string", param="model")
    if not model:
        raise InvalidRequestError("model: must not be empty", param="model")
    check_bytes(model, limits.max_model_bytes, param="model")
    return model
