"""Ids for what another vendor, or none, gave no Responses id.

They are derived, never random: the same answer written twice is the same bytes, which
prompt caches and clients that replay items rely on.
"""

from hashlib import blake2b

_FOREIGN_PREFIXES = ("chatcmpl-", "msg_")
"""How other dialects' answer ids begin; any other id may be a compatible server's own."""


def response_id(answer_id: str) -> str:
    """The id of a response, from the id of the answer it carries."""
    if answer_id and not answer_id.startswith(_FOREIGN_PREFIXES):
        return answer_id
    return derived_response_id(answer_id)


def derived_response_id(seed: str) -> str:
    """An id that no vendor gave, the same for the same seed."""
    return f"resp_{_digest(seed)}"


def item_id(prefix: str, answer_id: str, index: int) -> str:
    """The id of the output item at `index`."""
    return f"{prefix}_{_digest(f'{answer_id}:{index}')}"


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=24).hexdigest()
