"""Answers that are kept, for clients that name them instead of sending the conversation."""

import os
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from attrs import Factory, field, frozen
from msgspec import Struct

from lunaroute_core.answer_stages import AnswerStage
from lunaroute_core.context import RequestContext
from lunaroute_core.dialects.codec import StoredAnswerCodec
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    Block,
    Message,
    NormalizedRequest,
    NormalizedResponse,
    ReasoningBlock,
    StreamEvent,
    StreamStart,
)
from lunaroute_core.model_request import ModelRequest
from lunaroute_core.protocols import StateStore
from lunaroute_egress.conversation.kept_state import KeptState
from lunaroute_egress.conversation.reasoning_seal import is_sealed
from lunaroute_egress.conversation.tenant import TenantNames

T = TypeVar("T")

DEFAULT_TTL = 24 * 3600.0
_MAX_BYTES = 16 * 1024 * 1024
"""One conversation's."""
_ID_BYTES = 16


class StoredResponse(Struct, frozen=True, kw_only=True):
    """An answer, and the request that it answers with the whole conversation in its turns."""

    request: NormalizedRequest
    answer: NormalizedResponse


@frozen(kw_only=True)
class StoredResponses:
    """A `ConversationMemory` of whole conversations, each under the id of its last answer.

    Every answer is kept with all that came before it, so that it stays whatever becomes of
    the earlier ones. Clients see only their own.

    Attributes:
        store: where they are kept; whoever made it sees to encryption.
        tenants: tells clients apart.
        ttl: seconds.
        clock: Unix time in seconds.
        random_bytes: makes ids that nobody can guess.
    """

    store: StateStore
    tenants: TenantNames
    ttl: float = DEFAULT_TTL
    clock: Callable[[], float] = time.time
    random_bytes: Callable[[int], bytes] = os.urandom
    _answers: KeptState[StoredResponse] = field(
        init=False,
        default=Factory(lambda self: self._kept(StoredResponse, "response"), takes_self=True),
    )
    _items: KeptState[list[Block]] = field(
        init=False,
        default=Factory(lambda self: self._kept(list[Block], "response_item"), takes_self=True),
    )

    async def recall(self, request: NormalizedRequest, envelope: ModelRequest) -> NormalizedRequest:
        """The request with the whole conversation in its turns.

        Raises:
            InvalidRequestError: it names an answer, or a part of one, that is not kept.
        """
        codec = _codec(envelope.context)
        if codec is None:
            return request
        tenant = self.tenants.of(envelope.headers)
        own = codec.with_all_turns(request)
        turns = await self._earlier(request, tenant, codec)
        turns += [await self._resolved(turn, tenant, codec) for turn in own.turns]
        lead = next((at for at, it in enumerate(turns) if it.role != "system"), len(turns))
        instructions = [block for turn in turns[:lead] for block in turn.blocks]
        return msgspec.structs.replace(
            request,
            instructions=[*own.instructions, *instructions],
            turns=turns[lead:],
            conversation=msgspec.structs.replace(request.conversation, kept_here=True),
        )

    async def remember(
        self, request: NormalizedRequest, answer: NormalizedResponse, envelope: ModelRequest
    ) -> None:
        """Keep an answer that was promised to be."""
        codec = _codec(envelope.context)
        if codec is None or not answer.stored:
            return
        kept = msgspec.structs.replace(answer, blocks=[*map(_unbound, answer.blocks)])
        stored = StoredResponse(request=request, answer=kept)
        tenant = self.tenants.of(envelope.headers)
        if await self._answers.set(_name(tenant, answer.id), stored):
            for identity, blocks in codec.items(kept):
                await self._items.set(_name(tenant, identity), blocks)

    def promise(self, request: NormalizedRequest, context: RequestContext) -> AnswerStage | None:
        """What gives the answer an id to be kept under; None for one that is not to be kept."""
        codec = _codec(context)
        if codec is None or request.conversation.store is False:
            return None
        answer_id = codec.new_id(self.random_bytes(_ID_BYTES).hex())
        return _Promised(id=answer_id, created=int(self.clock()))

    async def get(self, tenant: str, answer_id: str) -> StoredResponse | None:
        return await self._answers.get(_name(tenant, answer_id))

    async def delete(self, tenant: str, answer_id: str, codec: StoredAnswerCodec) -> bool:
        """Forget an answer and its parts; False if there was none.

        Raises:
            StateStoreError: the store failed.
        """
        stored = await self.get(tenant, answer_id)
        if stored is None:
            return False
        for identity, _ in codec.items(stored.answer):
            await self._items.delete(_name(tenant, identity))
        return await self._answers.delete(_name(tenant, answer_id))

    async def _earlier(
        self, request: NormalizedRequest, tenant: str, codec: StoredAnswerCodec
    ) -> list[Message]:
        """The turns up to the answer that the request goes on from."""
        named = request.conversation.previous_response_id
        if named is None:
            return []
        stored = await self.get(tenant, named)
        if stored is None:
            raise InvalidRequestError(
                f"Previous response with id '{named}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        answer = Message(role="assistant", blocks=stored.answer.blocks)
        return [*codec.with_all_turns(stored.request).turns, answer]

    async def _resolved(self, turn: Message, tenant: str, codec: StoredAnswerCodec) -> Message:
        """The turn with what its references name in their place."""
        if not any(codec.reference(block) for block in turn.blocks):
            return turn
        blocks: list[Block] = []
        for block in turn.blocks:
            named = codec.reference(block)
            found = [block] if named is None else await self._items.get(_name(tenant, named))
            if found is None:
                raise InvalidRequestError(f"Item with id '{named}' not found.", param="input")
            blocks += found
        return msgspec.structs.replace(turn, blocks=blocks)

    def _kept(self, kind: type[T], prefix: str) -> KeptState[T]:
        return KeptState(
            store=self.store, kind=kind, prefix=prefix, ttl=self.ttl, max_bytes=_MAX_BYTES
        )


@frozen(kw_only=True)
class _Promised:
    """An `AnswerStage`: the answer says that it is kept, under an id of its own.

    The upstream's would not do: not every server gives each answer another one.
    """

    id: str
    created: int

    def response(self, response: NormalizedResponse) -> NormalizedResponse:
        created = self.created if response.created is None else response.created
        return msgspec.structs.replace(response, id=self.id, stored=True, created=created)

    def events(self, event: StreamEvent) -> Iterable[StreamEvent]:
        if isinstance(event, StreamStart):
            created = self.created if event.created is None else event.created
            event = msgspec.structs.replace(event, id=self.id, stored=True, created=created)
        yield event


def _unbound(block: Block) -> Block:
    """A block without what binds it to one model, unless a seal says to which."""
    if not isinstance(block, ReasoningBlock) or is_sealed(block.opaque):
        return block
    return msgspec.structs.replace(block, opaque=None)


def _codec(context: RequestContext) -> StoredAnswerCodec | None:
    return dialect_named(context.client_dialect).stored_answers


def _name(tenant: str, identity: str) -> str:
    """Clients write identities, so these are told apart from the tenant by their place only."""
    return f"{tenant}:{identity}"
