"""Stop reasons, both ways."""

from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import Finish, FinishReason

_FROM_WIRE = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP_SEQUENCE,
    "tool_use": FinishReason.TOOL_CALLS,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT_WINDOW,
    "pause_turn": FinishReason.PAUSE,
    "refusal": FinishReason.CONTENT_FILTER,
    "compaction": FinishReason.STOP,
}
_TO_WIRE = {
    FinishReason.STOP_SEQUENCE: "stop_sequence",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.CONTEXT_WINDOW: "model_context_window_exceeded",
    FinishReason.PAUSE: "pause_turn",
    FinishReason.REFUSAL: "refusal",
    FinishReason.CONTENT_FILTER: "refusal",
}
UNSAID = frozenset({FinishReason.STEERED, FinishReason.MAX_MESSAGES})
"""Reasons that no stop reason says."""

_DECIDED_BY_CALLS = frozenset(
    {FinishReason.STOP, FinishReason.STOP_SEQUENCE, FinishReason.TOOL_CALLS}
)


def read_stop_reason(word: str | None) -> FinishReason | None:
    """The reason for a vendor's word, None for one that this version does not know."""
    return _FROM_WIRE.get(word) if word is not None else None


def read_finish(
    word: str | None,
    *,
    stop_sequence: str | None,
    details: JSONObject | None,
    calls: bool,
) -> Finish | None:
    """Why a message stopped, None while it has not.

    Args:
        word: `stop_reason`.
        stop_sequence: the sequence met, if one was.
        details: `stop_details`.
        calls: whether the message holds calls of the client's tools. They decide whether it
            stopped for them: compatible servers are known to say otherwise.
    """
    if word is None:
        return None
    reason = _FROM_WIRE.get(word, FinishReason.STOP)
    if reason in _DECIDED_BY_CALLS:
        if calls:
            reason = FinishReason.TOOL_CALLS
        elif reason is FinishReason.TOOL_CALLS:
            reason = FinishReason.STOP
    return Finish(reason=reason, raw=word, stop_sequence=stop_sequence, details=details)


def write_stop(finish: Finish | None, *, calls: bool) -> JSONObject:
    """`stop_reason`, `stop_sequence` and `stop_details`.

    Args:
        finish: as the upstream said it.
        calls: whether the answer holds calls of the client's tools. They decide between
            `tool_use` and `end_turn`, since upstreams are known to say one for the other.

    Raises:
        ValueError: the answer ended in an error, which no stop reason says.
    """
    reason = finish.reason if finish is not None else FinishReason.STOP
    if reason is FinishReason.ERROR:
        raise ValueError("an answer that ended in an error has no stop reason")
    word = _TO_WIRE.get(reason, "tool_use" if calls else "end_turn")
    if finish is None:
        return {"stop_reason": word, "stop_sequence": None, "stop_details": None}
    if finish.raw == "compaction" and reason is FinishReason.STOP:
        word = finish.raw
    return {
        "stop_reason": word,
        "stop_sequence": finish.stop_sequence,
        "stop_details": _stop_details(finish),
    }


def _stop_details(finish: Finish) -> JSONObject | None:
    if finish.details is not None and finish.details.get("type") == "refusal":
        return finish.details
    if finish.reason is FinishReason.REFUSAL:
        return {"type": "refusal", "category": None, "explanation": None}
    return None
