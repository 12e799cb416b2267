"""A whole request: every field mapped, the rest kept in extensions."""

import msgspec

from lunaroute_core.dialects.openai_chat.extensions import DIALECT, extensions
from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.dialects.openai_chat.message_decoding import MessageReader
from lunaroute_core.dialects.openai_chat.setting_decoding import SettingsReader
from lunaroute_core.dialects.request_json import check_bytes, missing_field, read_request
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import NormalizedRequest, RequestSource
from lunaroute_core.request_limits import RequestLimits

_DECODER = msgspec.json.Decoder(JSONObject)
_SOURCE = RequestSource(dialect=DIALECT)


def decode_request(body: bytes, *, limits: RequestLimits) -> NormalizedRequest:
    """Read a body whole.

    Raises:
        InvalidRequestError: it is malformed, or a value is out of range or over a limit.
    """
    fields = Fields.of(read_request(_DECODER, body), path="")
    messages = _messages(fields, limits)
    request = NormalizedRequest(
        model=_model(fields, limits),
        source=_SOURCE,
        instructions=messages.instructions,
        turns=messages.turns,
    )
    settings = SettingsReader(fields, request, limits)
    settings.read()
    request.extensions = extensions(fields.left, settings.form)
    return request


def _model(fields: Fields, limits: RequestLimits) -> str:
    model = fields.needed_text("model")
    if not model:
        raise InvalidRequestError("model: must not be empty", param="model")
    check_bytes(model, limits.max_model_bytes, param="model")
    return model


def _messages(fields: Fields, limits: RequestLimits) -> MessageReader:
    messages = fields.array("messages")
    if messages is None:
        raise missing_field("messages")
    if not 1 <= len(messages) <= limits.max_messages:
        raise InvalidRequestError(
            f"messages: must hold 1 to {limits.max_messages} messages, got {len(messages)}",
            param="messages",
        )
    reader = MessageReader(limits)
    for at, message in enumerate(messages):
        reader.read(message, path=f"messages[{at}]")
    return reader
