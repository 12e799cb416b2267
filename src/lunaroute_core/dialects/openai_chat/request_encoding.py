"""Writes any dialect's request in this one."""

import msgspec

from lunaroute_core.dialects.openai_chat.extensions import DIALECT
from lunaroute_core.dialects.openai_chat.foreign_request import adapted_request
from lunaroute_core.dialects.openai_chat.request_writing import write_request
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import Block, Message, NormalizedRequest, ReasoningBlock
from lunaroute_core.translation import Translation


def encode_request(request: NormalizedRequest, translation: Translation) -> bytes:
    """The body, the same bytes each time.

    A request in this dialect is written as it came, but for reasoning of another origin that
    its client was given to keep.

    Raises:
        InvalidRequestError: it asks for what Chat, or the model, cannot give.
    """
    try:
        return write_request(_adapted(request, translation))
    except RecursionError as error:
        raise InvalidRequestError("the request is nested too deeply") from error


def _adapted(request: NormalizedRequest, translation: Translation) -> NormalizedRequest:
    if request.source.dialect != DIALECT:
        return adapted_request(request, translation)
    if any(_is_foreign(block) for turn in request.turns for block in turn.blocks):
        turns = [_without_foreign(turn, translation) for turn in request.turns]
        return msgspec.structs.replace(request, turns=[turn for turn in turns if turn.blocks])
    return request


def _without_foreign(turn: Message, translation: Translation) -> Message:
    kept = [block for block in turn.blocks if not _is_foreign(block)]
    if len(kept) < len(turn.blocks):
        message = "reasoning of another dialect's model means nothing to this one"
        translation.dropped("messages[].reasoning_details", message)
        turn = msgspec.structs.replace(turn, blocks=kept)
    return turn


def _is_foreign(block: Block) -> bool:
    """Whether a block is reasoning that another dialect's model wrote."""
    if not isinstance(block, ReasoningBlock) or block.origin is None:
        return False
    return block.origin.dialect != DIALECT
