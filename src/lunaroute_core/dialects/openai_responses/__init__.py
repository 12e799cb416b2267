"""OpenAI's Responses API: `POST /v1/responses`."""

from lunaroute_core.dialects.dialect import Dialect
from lunaroute_core.dialects.openai_responses.errors import ResponsesErrors
from lunaroute_core.dialects.openai_responses.field_names import FIELD_NAMES
from lunaroute_core.dialects.openai_responses.finish import UNSAID
from lunaroute_core.dialects.openai_responses.requests import ResponsesRequests
from lunaroute_core.dialects.openai_responses.responses import ResponsesAnswers
from lunaroute_core.dialects.openai_responses.stored_answers import StoredResponseObjects
from lunaroute_core.dialects.openai_responses.streams import ResponsesStreams
from lunaroute_core.dialects.openai_vendor import OPENAI

OPENAI_RESPONSES = Dialect(
    name="openai_responses",
    vendor=OPENAI,
    paths=("/v1/responses", "/responses"),
    requests=ResponsesRequests(),
    responses=ResponsesAnswers(),
    streams=ResponsesStreams(),
    errors=ResponsesErrors(),
    field_names=FIELD_NAMES,
    stored_answers=StoredResponseObjects(),
    unsaid_finishes=UNSAID,
)

__all__ = ["OPENAI_RESPONSES"]
