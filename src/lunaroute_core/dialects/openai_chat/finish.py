"""Chat's finish reasons, in both directions."""

from collections.abc import Iterable

from lunaroute_core.model import Block, Finish, FinishReason, RefusalBlock, ToolCallBlock

REASONS = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}
"""What a vendor's word means; other servers have more words, which mean nothing certain."""

_ERROR = "error"
"""OpenRouter's word where the model behind it failed."""

_WORDS = {
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_WINDOW: "length",
    FinishReason.CONTENT_FILTER: "content_filter",
    # A whole answer has no error frame; `length` at least says that it is not complete.
    FinishReason.ERROR: "length",
}
"""Words that hold whatever the answer contains; every other reason is `stop` or a call."""

_UNSAID = frozenset({FinishReason.PAUSE, FinishReason.STEERED, FinishReason.MAX_MESSAGES})
"""Reasons that would look like the end, though the answer has none."""


def read_finish(word: str | None, blocks: Iterable[Block]) -> Finish:
    """The finish, made to agree with what the answer contains.

    Servers say `stop` of answers with calls, and `tool_calls` of answers without.
    """
    reason = FinishReason.ERROR if word == _ERROR else REASONS.get(word or "", FinishReason.STOP)
    if reason in (FinishReason.STOP, FinishReason.TOOL_CALLS):
        kinds = {type(block) for block in blocks}
        reason = FinishReason.REFUSAL if RefusalBlock in kinds else FinishReason.STOP
        reason = FinishReason.TOOL_CALLS if ToolCallBlock in kinds else reason
    return Finish(reason=reason, raw=word)


def finish_word(finish: Finish | None, *, calls: bool, legacy: bool) -> str:
    """The `finish_reason` of an answer, made to agree with what it contains.

    `calls` says whether it has client tool calls, `legacy` whether as `function_call`.
    """
    fixed = _WORDS.get(finish.reason) if finish is not None else None
    if fixed is not None:
        return fixed
    if calls:
        return "function_call" if legacy else "tool_calls"
    return "stop"


def native_word(finish: Finish | None) -> str | None:
    """The upstream's own word, None where Chat's says as much.

    It goes beside Chat's as `native_finish_reason`, which is what OpenRouter calls it.
    """
    if finish is None or finish.reason not in _UNSAID:
        return None
    return finish.raw or finish.reason.value
