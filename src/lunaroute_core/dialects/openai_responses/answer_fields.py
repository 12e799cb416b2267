"""What is read of a response object without decoding its content."""

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from lunaroute_core.dialects.codec import AnswerSummary
from lunaroute_core.dialects.openai_responses.finish import read_finish
from lunaroute_core.dialects.openai_responses.usage import UsageFields, read_usage

CLIENT_CALLS = frozenset({"function_call", "custom_tool_call"})


class _Typed(Struct):
    type: str | None = None


class _OutputItem(Struct):
    type: str | None = None
    content: Raw | UnsetType = UNSET


class _IncompleteDetails(Struct):
    reason: str | None = None


class AnswerFields(Struct):
    """A response object, as far as it is read."""

    object: str | None = None
    id: str | None = None
    model: str | None = None
    status: str | None = None
    incomplete_details: _IncompleteDetails | None = None
    output: list[_OutputItem] | None = None
    usage: UsageFields | None = None
    error: Raw | UnsetType = UNSET


_PARTS = msgspec.json.Decoder(list[_Typed])


def note_answer(summary: AnswerSummary, answer: AnswerFields) -> None:
    """Put what the response says into the summary.

    Raises:
        ValueError: a message's content is not a list of parts.
    """
    summary.id = answer.id or summary.id
    summary.model = answer.model or summary.model
    details = answer.incomplete_details
    summary.finish_reason = read_finish(
        answer.status,
        details.reason if details else None,
        called=any(item.type in CLIENT_CALLS for item in answer.output or []),
        refused=any(_is_refusal(item) for item in answer.output or []),
    )
    if answer.usage is not None:
        summary.usage = read_usage(answer.usage)


def _is_refusal(item: _OutputItem) -> bool:
    if item.type != "message" or item.content is UNSET:
        return False
    return any(part.type == "refusal" for part in _PARTS.decode(item.content))
