"""OpenAI Chat Completions: `POST /v1/chat/completions`."""

from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.openai_chat.field_names import FIELD_NAMES
from lunaroute_core.dialects.openai_chat.requests import ChatRequests
from lunaroute_core.dialects.openai_chat.responses import ChatResponses
from lunaroute_core.dialects.openai_chat.streams import ChatStreams
from lunaroute_core.dialects.openai_vendor import OPENAI, OpenAIErrors

OPENAI_CHAT = Dialect(
    name="openai_chat",
    vendor=OPENAI,
    paths=("/v1/chat/completions",),
    requests=ChatRequests(),
    responses=ChatResponses(),
    streams=ChatStreams(),
    errors=OpenAIErrors(),
    field_names=FIELD_NAMES,
)
