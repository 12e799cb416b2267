"""LunaRoute's core: the normalized model, the envelopes, the Protocols, the dialects."""

from lunaroute_core.capabilities import Capabilities, Profiles, capabilities_of
from lunaroute_core.context import RequestContext, new_request_id
from lunaroute_core.conversation_memory import ConversationMemory
from lunaroute_core.deadlines import DeadlineOverrides, Deadlines
from lunaroute_core.errors import (
    ConfigurationError,
    ErrorDetails,
    ErrorKind,
    InvalidRequestError,
    LunaRouteError,
    NoDeploymentError,
    ProviderError,
    RequestError,
    RequestTooLargeError,
    StateStoreError,
    UpstreamAnsweredError,
    UpstreamProtocolError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from lunaroute_core.headers import Headers
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model_request import ModelRequest, Operation
from lunaroute_core.model_response import ModelResponse, Timings
from lunaroute_core.model_stream import ModelStream
from lunaroute_core.price import Price
from lunaroute_core.protocols import (
    ConfigStore,
    LimitedProvider,
    PIIDetector,
    PIIMatch,
    Provider,
    Redactor,
    SessionEvent,
    SessionStore,
    StateStore,
)
from lunaroute_core.translation import Translation
from lunaroute_core.translation_outcomes import (
    AnswerOutcome,
    DialectOutcomes,
    ErrorOutcome,
    RequestOutcome,
    answer_outcomes,
    outcomes_into,
    request_outcomes,
)
from lunaroute_core.translation_warning import TranslationWarning
from lunaroute_core.wire import WireRequest, WireResponse
from lunaroute_core.wire_stream import ByteSource, WireStream

__all__ = [
    "AnswerOutcome",
    "ByteSource",
    "Capabilities",
    "ConfigStore",
    "ConfigurationError",
    "ConversationMemory",
    "DeadlineOverrides",
    "Deadlines",
    "DialectOutcomes",
    "ErrorDetails",
    "ErrorKind",
    "ErrorOutcome",
    "Headers",
    "InvalidRequestError",
    "JSONObject",
    "JSONValue",
    "LimitedProvider",
    "LunaRouteError",
    "ModelRequest",
    "ModelResponse",
    "ModelStream",
    "NoDeploymentError",
    "Operation",
    "PIIDetector",
    "PIIMatch",
    "Price",
    "Profiles",
    "Provider",
    "ProviderError",
    "Redactor",
    "RequestContext",
    "RequestError",
    "RequestOutcome",
    "RequestTooLargeError",
    "SessionEvent",
    "SessionStore",
    "StateStore",
    "StateStoreError",
    "Timings",
    "Translation",
    "TranslationWarning",
    "UpstreamAnsweredError",
    "UpstreamProtocolError",
    "UpstreamTimeoutError",
    "UpstreamUnavailableError",
    "WireRequest",
    "WireResponse",
    "WireStream",
    "answer_outcomes",
    "capabilities_of",
    "new_request_id",
    "outcomes_into",
    "request_outcomes",
]
