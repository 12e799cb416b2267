"""A request that lets an answer go on which its model has paused.

The vendor wants the conversation once more, with the message that it has begun as the last one
and as it was; it then writes what comes after it. Two messages of the assistant's in a row, as
after one that the client began itself, count as one.
"""

from msgspec import Raw
from msgspec.json import encode

from lunaroute_core.dialects.anthropic_messages.content_writer import write_request_block
from lunaroute_core.dialects.anthropic_messages.fields import RAW_LIST, RAW_OBJECT
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Block, NormalizedResponse, TextBlock


def continued(body: bytes, paused: NormalizedResponse) -> bytes:
    """The body that the answer was given to, with the answer behind it; nothing else changes."""
    blocks = [block for block in paused.blocks if not _is_empty(block)]
    content: list[JSONValue] = [*map(write_request_block, blocks)]
    message: JSONObject = {"role": "assistant", "content": content}
    fields = RAW_OBJECT.decode(body)
    turns = [*RAW_LIST.decode(fields["messages"]), Raw(encode(message))]
    fields["messages"] = Raw(encode(turns))
    if (container := _container(paused)) is not None:
        fields["container"] = Raw(encode(container))
    return encode(fields)


def _is_empty(block: Block) -> bool:
    """Whether it is a text that says nothing: the vendor may write such ones, blank ones too, and
    takes none.
    """
    return isinstance(block, TextBlock) and not block.text.strip()


def _container(paused: NormalizedResponse) -> str | None:
    """The machine on which the vendor's tools have run so far."""
    container = paused.extensions.get(DIALECT, {}).get("container")
    identity = container.get("id") if isinstance(container, dict) else None
    return identity if isinstance(identity, str) else None
