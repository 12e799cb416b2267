"""The vault: reasoning for clients that do not bring it back.

Many clients rebuild an assistant's message from its text and its calls, and whatever else
was in it is lost. What every client keeps is the id of a call, since its result names it.
Models are particular about the reasoning before calls, so just that is kept.
"""

import asyncio
import hashlib
import hmac
from operator import is_

import msgspec
import structlog
from attrs import Factory, field, frozen

from lunaroute_core.model import (
    Block,
    Message,
    NormalizedRequest,
    NormalizedResponse,
    Origin,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
)
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.protocols import StateStore
from lunaroute_egress.conversation.derived_key import derived_key
from lunaroute_egress.conversation.kept_state import PATIENCE, KeptState
from lunaroute_egress.conversation.reasoning_seal import is_sealed
from lunaroute_egress.conversation.tenant import TenantNames

_log = structlog.get_logger("lunaroute.conversation")

DEFAULT_TTL = 4 * 3600.0
_MAX_BYTES = 4 * 1024 * 1024
"""One turn's; a model's whole budget for thinking is a tenth of it."""


@frozen(kw_only=True)
class ReasoningVault:
    """Reasoning as it was sealed for clients, under hashes that tell nothing.

    Attributes:
        store: where it is kept; whoever made it sees to encryption.
        tenants: tells clients apart, each of which gets only its own.
        secret: the installation's, for the hashes.
        ttl: seconds.
    """

    store: StateStore
    tenants: TenantNames
    secret: bytes = field(repr=False)
    ttl: float = DEFAULT_TTL
    _kept: KeptState[list[ReasoningBlock]] = field(
        init=False, default=Factory(lambda self: _kept(self.store, self.ttl), takes_self=True)
    )
    _key: bytes = field(
        init=False,
        repr=False,
        default=Factory(lambda self: derived_key(self.secret, "vault"), takes_self=True),
    )

    def shelf(self, origin: Origin) -> "VaultShelf":
        """What one model thought."""
        return VaultShelf(kept=self._kept, tenants=self.tenants, key=self._key, origin=origin)


@frozen(kw_only=True)
class VaultShelf:
    """A `ConversationMemory` of one model's reasoning: what another one thought in the same
    conversation is of no use to it.
    """

    kept: KeptState[list[ReasoningBlock]]
    tenants: TenantNames
    key: bytes = field(repr=False)
    origin: Origin

    async def recall(self, request: NormalizedRequest, envelope: ModelRequest) -> NormalizedRequest:
        """The request with the reasoning put before the calls of turns that come without.

        All turns, not only the last: what a conversation begins with must stay the same from
        one request to the next, or no prompt cache would find it.
        """
        for turn in request.turns:
            if turn.role == "assistant" and _lacks_reasoning(turn):
                break
        else:
            return request
        tenant = self.tenants.of(envelope.headers)
        try:
            async with asyncio.timeout(PATIENCE):
                turns = [await self._completed(turn, tenant) for turn in request.turns]
        except TimeoutError:
            _log.warning("vault too slow", turns=len(request.turns))
            return request
        if all(map(is_, turns, request.turns)):
            return request
        return msgspec.structs.replace(request, turns=turns)

    async def remember(
        self,
        request: NormalizedRequest,  # noqa: ARG002 - an answer's calls name it
        answer: NormalizedResponse,
        envelope: ModelRequest,
    ) -> None:
        reasoning = [it for it in answer.blocks if isinstance(it, ReasoningBlock)]
        if not reasoning:
            return
        if any(is_sealed(it.opaque) for it in reasoning) and _calls(answer.blocks):
            tenant = self.tenants.of(envelope.headers)
            await self.kept.set(self._name(answer.blocks, tenant), reasoning)

    async def _completed(self, turn: Message, tenant: str) -> Message:
        if not _lacks_reasoning(turn):
            return turn
        reasoning = await self.kept.get(self._name(turn.blocks, tenant))
        if reasoning is None:
            return turn
        rest = [it for it in turn.blocks if not isinstance(it, ReasoningBlock)]
        return msgspec.structs.replace(turn, blocks=[*reasoning, *rest])

    def _name(self, blocks: list[Block], tenant: str) -> str:
        """Of a turn: a hash of its client and model, its calls and its text, leaving out what
        clients are known to write anew: white space around the text, and the arguments' JSON.
        """
        text = "".join(it.text for it in blocks if isinstance(it, TextBlock)).strip()
        calls = [(it.id, it.name) for it in _calls(blocks)]
        told = msgspec.json.encode([tenant, self.origin, calls, text])
        return hmac.digest(self.key, told, hashlib.sha256).hex()


def _kept(store: StateStore, ttl: float) -> KeptState[list[ReasoningBlock]]:
    return KeptState(
        store=store, kind=list[ReasoningBlock], prefix="vault", ttl=ttl, max_bytes=_MAX_BYTES
    )


def _lacks_reasoning(turn: Message) -> bool:
    """Whether a turn comes without what its model may have thought before it called."""
    calls = turn.role == "assistant" and _calls(turn.blocks)
    return bool(calls) and not _is_whole(turn.blocks)


def _calls(blocks: list[Block]) -> list[ToolCallBlock]:
    return [it for it in blocks if isinstance(it, ToolCallBlock)]


def _is_whole(blocks: list[Block]) -> bool:
    """Whether the reasoning came with a seal; text alone is no more than a copy for people."""
    return any(isinstance(it, ReasoningBlock) and is_sealed(it.opaque) for it in blocks)
