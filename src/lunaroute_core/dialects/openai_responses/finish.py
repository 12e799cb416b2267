"""Finish reasons: one table to and from a response's status and incomplete reason."""

from lunaroute_core.model import FinishReason

COMPLETED = "completed"
INCOMPLETE = "incomplete"
FAILED = "failed"

_WRITTEN: dict[FinishReason, tuple[str, str | None]] = {
    FinishReason.STOP: (COMPLETED, None),
    FinishReason.STOP_SEQUENCE: (COMPLETED, None),
    FinishReason.TOOL_CALLS: (COMPLETED, None),
    FinishReason.REFUSAL: (COMPLETED, None),
    FinishReason.LENGTH: (INCOMPLETE, "max_output_tokens"),
    FinishReason.CONTEXT_WINDOW: (INCOMPLETE, "max_output_tokens"),
    FinishReason.CONTENT_FILTER: (INCOMPLETE, "content_filter"),
    FinishReason.MAX_MESSAGES: (INCOMPLETE, "max_messages"),
    FinishReason.STEERED: (INCOMPLETE, "steered"),
    # More of the answer is to come.
    FinishReason.PAUSE: (INCOMPLETE, None),
    FinishReason.ERROR: (FAILED, None),
}

UNSAID = frozenset({FinishReason.PAUSE})
"""Reasons that the vendor has no word for."""

_READ = {
    "max_output_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "max_messages": FinishReason.MAX_MESSAGES,
    "steered": FinishReason.STEERED,
}


def written_finish(reason: FinishReason) -> tuple[str, str | None]:
    """Status, and the reason for an incomplete answer."""
    return _WRITTEN[reason]


def read_finish(
    status: str | None, incomplete_reason: str | None, *, called: bool, refused: bool
) -> FinishReason | None:
    """The finish reason, None while the response runs or says nothing known.

    `called` and `refused` say whether the output holds calls for the client, or a refusal:
    the status does not tell.
    """
    match status:
        case "completed" if called:
            return FinishReason.TOOL_CALLS
        case "completed":
            return FinishReason.REFUSAL if refused else FinishReason.STOP
        case "incomplete":
            return _READ.get(incomplete_reason or "")
        case "failed" | "cancelled":
            return FinishReason.ERROR
        case _:
            return None
