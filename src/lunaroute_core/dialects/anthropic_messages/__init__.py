"""Anthropic's Messages API."""

from lunaroute_core.dialects.anthropic_messages.errors import MessagesErrors
from lunaroute_core.dialects.anthropic_messages.field_names import FIELD_NAMES
from lunaroute_core.dialects.anthropic_messages.finish import UNSAID
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.dialects.anthropic_messages.requests import MessagesRequests
from lunaroute_core.dialects.anthropic_messages.responses import MessagesResponses
from lunaroute_core.dialects.anthropic_messages.streams import MessagesStreams
from lunaroute_core.dialects.anthropic_messages.token_count import MessagesTokenCount
from lunaroute_core.dialects.anthropic_messages.vendor import ANTHROPIC
from lunaroute_core.dialects.dialect import Dialect

ANTHROPIC_MESSAGES = Dialect(
    name=DIALECT,
    vendor=ANTHROPIC,
    paths=("/v1/messages",),
    requests=MessagesRequests(),
    responses=MessagesResponses(),
    streams=MessagesStreams(),
    errors=MessagesErrors(),
    token_count=MessagesTokenCount(),
    field_names=FIELD_NAMES,
    pauses=True,
    unsaid_finishes=UNSAID,
)

__all__ = ["ANTHROPIC", "ANTHROPIC_MESSAGES"]
