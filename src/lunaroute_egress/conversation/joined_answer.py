"""One answer out of the parts that a model gave it in."""

import msgspec

from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Extensions,
    Finish,
    FinishReason,
    NormalizedResponse,
    TextBlock,
    ToolCallBlock,
)


def is_paused(answer: NormalizedResponse) -> bool:
    return answer.finish is not None and answer.finish.reason is FinishReason.PAUSE


def says_something(answer: NormalizedResponse) -> bool:
    """Whether there is anything in it that its model could go on from."""
    return any(not isinstance(it, TextBlock) or it.text.strip() for it in answer.blocks)


def joined(earlier: NormalizedResponse, later: NormalizedResponse) -> NormalizedResponse:
    """The blocks of both in order and what both used; it is the earlier's, and ends as the later."""
    return msgspec.structs.replace(
        earlier,
        blocks=[*earlier.blocks, *later.blocks],
        finish=later.finish,
        usage=later.usage if earlier.usage is None else earlier.usage.plus(later.usage),
        extensions=_joined_extensions(earlier.extensions, later.extensions),
    )


def calls_client(answer: NormalizedResponse) -> bool:
    """Whether it waits for its client: nothing can come after a call but its result."""
    return ToolCallBlock in map(type, answer.blocks)


def ended(finish: Finish, *, calls: bool = False) -> Finish:
    """A finish of a paused answer that does not go on: it ends where the model paused, or with
    its calls.
    """
    reason = FinishReason.TOOL_CALLS if calls else FinishReason.STOP
    return msgspec.structs.replace(finish, reason=reason)


def _joined_extensions(earlier: Extensions, later: Extensions) -> Extensions:
    return {**earlier, **{name: _newer(earlier.get(name), it) for name, it in later.items()}}


def _newer(earlier: JSONObject | None, later: JSONObject) -> JSONObject:
    """What was said last of each field; nothing is no news."""
    return {**(earlier or {}), **{key: it for key, it in later.items() if it is not None}}
