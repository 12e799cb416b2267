"""Reasoning that a client was given to keep, and that the upstream it now asks did not write."""

import msgspec

from lunaroute_core.model import Block, Message, NormalizedRequest, ReasoningBlock
from lunaroute_core.translation import Translation

_MESSAGE = "reasoning of another dialect's model means nothing to this one"


def without_foreign_reasoning(
    request: NormalizedRequest, translation: Translation, *, param: str
) -> NormalizedRequest:
    """A request for an upstream of its own dialect without what other dialects' models thought;
    the same object if there is none.

    Args:
        request: of the upstream's dialect.
        translation: where it is noted.
        param: the request's field that holds reasoning.
    """
    dialect = request.source.dialect
    turns = [_without_foreign(turn, dialect) for turn in request.turns]
    if all(kept is turn for kept, turn in zip(turns, request.turns, strict=True)):
        return request
    translation.dropped(param, _MESSAGE)
    return msgspec.structs.replace(request, turns=[turn for turn in turns if turn.blocks])


def _without_foreign(turn: Message, dialect: str) -> Message:
    kept = [block for block in turn.blocks if not _is_foreign(block, dialect)]
    if len(kept) == len(turn.blocks):
        return turn
    return msgspec.structs.replace(turn, blocks=kept)


def _is_foreign(block: Block, dialect: str) -> bool:
    if not isinstance(block, ReasoningBlock) or block.origin is None:
        return False
    return block.origin.dialect != dialect
