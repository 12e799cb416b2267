"""Responses that are kept: their ids, their items, and requests that name them."""

import msgspec
from attrs import frozen

from lunaroute_core.dialects.openai_responses.fields import item_head
from lunaroute_core.dialects.openai_responses.ids import derived_response_id
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.dialects.openai_responses.output_items import id_of, item_groups
from lunaroute_core.model import (
    Block,
    Message,
    NormalizedRequest,
    NormalizedResponse,
    OpaqueBlock,
)

_REFERENCE = "item_reference"


@frozen
class StoredResponseObjects:
    """A `StoredAnswerCodec`."""

    @property
    def path(self) -> str:
        return "/v1/responses/"

    def new_id(self, seed: str) -> str:
        return derived_response_id(seed)

    def items(self, answer: NormalizedResponse) -> list[tuple[str, list[Block]]]:
        """The output items, under the ids that they are written with."""
        groups = enumerate(item_groups(answer.blocks))
        return [(id_of(it[0], answer_id=answer.id, index=at), it) for at, it in groups]

    def reference(self, block: Block) -> str | None:
        if not isinstance(block, OpaqueBlock):
            return None
        if (block.dialect, block.type) != (DIALECT, _REFERENCE):
            return None
        identity = block.raw.get("id")
        return identity if isinstance(identity, str) else None

    def with_all_turns(self, request: NormalizedRequest) -> NormalizedRequest:
        """Leading system items are part of the conversation, the field `instructions` is not.

        An item's first block says that it is one; the field's text comes before all items.
        """
        own: list[Block] = []
        leading: list[Message] = []
        for block in request.instructions:
            if item_head(block) is not None:
                leading.append(Message(role="system", blocks=[block]))
            elif leading:
                leading[-1].blocks.append(block)
            else:
                own.append(block)
        return msgspec.structs.replace(request, instructions=own, turns=[*leading, *request.turns])

    def encode_deleted(self, answer_id: str) -> bytes:
        return msgspec.json.encode({"id": answer_id, "object": "response", "deleted": True})
