"""Ids and names of tools that every vendor accepts.

Vendors take letters, digits, `_` and `-`, up to a length of their own; clients bring dots,
colons and more. What does not fit is replaced by a hash of itself: the same on the call and
on its result, in every request of a conversation, with nothing to remember. Replacing only
the characters would make two ids of one.
"""

import re
from base64 import b32encode
from hashlib import sha256

from msgspec import Struct

_ACCEPTED = re.compile(r"[a-zA-Z0-9_-]+")
_PREFIX = "luna_"
_HASH_CHARACTERS = 20
"""In base32: 100 bits."""


def short_id(original: str, *, limit: int, exact: bool = False) -> str:
    """An id of at most `limit` characters that stands for `original`.

    One that is accepted stays as it is, so shortening twice changes nothing. With `exact`
    only `limit` letters and digits are.
    """
    if exact:
        fits = len(original) == limit and original.isascii() and original.isalnum()
        return original if fits else _hashed(original)[:limit]
    if len(original) <= limit and _ACCEPTED.fullmatch(original):
        return original
    return (_PREFIX + _hashed(original)[:_HASH_CHARACTERS])[:limit]


def _hashed(original: str) -> str:
    """Letters and digits."""
    digest = sha256(original.encode("utf-8", "surrogatepass")).digest()
    return b32encode(digest).decode().lower().rstrip("=")


def short_name(original: str, *, limit: int) -> str:
    """A tool's name of at most `limit` characters.

    What is replaced keeps the beginning that is acceptable, since models read names.
    """
    if len(original) <= limit and _ACCEPTED.fullmatch(original):
        return original
    whole = short_id(f"{original}\0", limit=limit)
    readable = re.sub(r"[^a-zA-Z0-9_-]", "_", original)[: max(0, limit - len(whole) - 1)]
    return f"{readable}_{whole.removeprefix(_PREFIX)}" if readable else whole


class ToolNames(Struct, kw_only=True, frozen=True):
    """The upstream's names of a request's tools.

    Attributes:
        limit: the most characters that it takes.
    """

    limit: int

    def upstream(self, name: str) -> str:
        """The name to send."""
        return short_name(name, limit=self.limit)
