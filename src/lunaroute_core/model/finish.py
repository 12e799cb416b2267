"""Why a model stopped."""

from enum import StrEnum

from msgspec import Struct

from lunaroute_core.json_value import JSONObject


class FinishReason(StrEnum):
    """The union of the vendors' vocabularies; each codec has one table to its own words."""

    STOP = "stop"
    STOP_SEQUENCE = "stop_sequence"
    TOOL_CALLS = "tool_calls"
    LENGTH = "length"
    CONTEXT_WINDOW = "context_window"
    REFUSAL = "refusal"
    """The model declined in its own words."""
    CONTENT_FILTER = "content_filter"
    """A classifier stopped the answer; Anthropic calls this `refusal`."""
    PAUSE = "pause"
    STEERED = "steered"
    MAX_MESSAGES = "max_messages"
    ERROR = "error"


class Finish(Struct, frozen=True, kw_only=True, omit_defaults=True):
    reason: FinishReason
    raw: str | None = None
    """The vendor's own word, kept for same-dialect answers and for the record."""
    stop_sequence: str | None = None
    details: JSONObject | None = None
    """Anthropic's `stop_details`, OpenAI's `incomplete_details`, as received."""
