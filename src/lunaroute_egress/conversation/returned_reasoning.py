"""Opening what clients bring back: reasoning goes to the model that it is from, or nowhere."""

from collections.abc import Callable
from functools import partial
from operator import is_
from typing import TypeAlias

import msgspec
from attrs import frozen

from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.model import (
    Block,
    Message,
    NormalizedRequest,
    Origin,
    ReasoningBlock,
)
from lunaroute_core.translation import Translation
from lunaroute_egress.conversation.reasoning_seal import UNSIGNED, ReasoningSeal, is_sealed

_DROPPED = "reasoning that is not this model's, or was changed"

_Reader: TypeAlias = Callable[[Message], list[Block] | None]
"""A turn's blocks with its reasoning opened; None if that must not go upstream."""


@frozen(kw_only=True)
class ReturnedReasoning:
    """Restores the reasoning of a conversation for one upstream model, `origin`."""

    seal: ReasoningSeal
    origin: Origin

    def opened(self, request: NormalizedRequest, translation: Translation) -> NormalizedRequest:
        """The request with each block of reasoning as its model made it.

        Reasoning of another model or account, or that somebody changed, is dropped with all
        of its turn: a vendor takes what its model thought in one turn as a whole, or not at all.

        Raises:
            InvalidRequestError: some would be dropped, in strict translation.
        """
        return _changed(request, self._opened_turn, translation)

    def without_others(
        self, request: NormalizedRequest, translation: Translation
    ) -> NormalizedRequest:
        """The request without what this gateway has sealed, for an upstream that speaks the
        client's own dialect: it signs its reasoning itself. The same object if there is none.

        Raises:
            InvalidRequestError: some would be dropped, in strict translation.
        """
        return _changed(request, self._own_turn, translation)

    def _opened_turn(self, turn: Message) -> list[Block] | None:
        opened: list[Block] = []
        for block in turn.blocks:
            if not isinstance(block, ReasoningBlock) or not block.opaque:
                opened.append(block)
            elif block.opaque == UNSIGNED:
                opened += self._unsigned(block)
            else:
                held = self.seal.opened(block.opaque)
                if held is None or held.origin != self.origin:
                    return None
                opened.append(msgspec.structs.replace(held.block, origin=self.origin))
        return opened

    def _unsigned(self, block: ReasoningBlock) -> list[Block]:
        """Text that binds to nothing, as if this model had written it."""
        return [ReasoningBlock(parts=block.parts, origin=self.origin)] if block.parts else []

    def _own_turn(self, turn: Message) -> list[Block] | None:
        return None if any(map(self._is_ours, turn.blocks)) else turn.blocks

    def _is_ours(self, block: Block) -> bool:
        """Another gateway's seals may be for the one that the upstream is."""
        if not isinstance(block, ReasoningBlock) or not is_sealed(block.opaque):
            return False
        text = block.opaque or ""
        return text == UNSIGNED or self.seal.opened(text) is not None


def has_reasoning(request: NormalizedRequest) -> bool:
    """Whether the conversation holds any, of whatever model."""
    return any(turn.role == "assistant" and _reasons(turn) for turn in request.turns)


def _changed(
    request: NormalizedRequest, read: _Reader, translation: Translation
) -> NormalizedRequest:
    if not has_reasoning(request):
        return request
    names = dialect_named(request.source.dialect).field_names
    dropped = partial(translation.dropped, f"{names.get('turns', 'turns')}[].reasoning", _DROPPED)
    turns = [_read(turn, read, dropped) if _reasons(turn) else turn for turn in request.turns]
    if all(map(is_, turns, request.turns)):
        return request
    return msgspec.structs.replace(request, turns=[turn for turn in turns if turn.blocks])


def _read(turn: Message, read: _Reader, dropped: Callable[[], None]) -> Message:
    blocks = read(turn)
    if blocks == turn.blocks:
        return turn
    if blocks is None:
        dropped()
        blocks = [it for it in turn.blocks if not isinstance(it, ReasoningBlock)]
    return msgspec.structs.replace(turn, blocks=blocks)


def _reasons(turn: Message) -> bool:
    return turn.role == "assistant" and ReasoningBlock in map(type, turn.blocks)
