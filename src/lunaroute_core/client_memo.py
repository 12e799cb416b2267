"""Remembering what was worked out for names that clients choose."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ClientMemo(dict[K, V]):
    """A dict that no client can make large: it keeps the first `MOST` values that come, and none
    under a long name. What it does not keep is worked out anew.
    """

    MOST = 1024
    LONGEST = 512
    """Characters, or bytes."""

    def keep(self, key: K, value: V, *, length: int) -> V:
        """The value, kept if there is room for it; `length` is that of all names in the key."""
        if length <= self.LONGEST and len(self) < self.MOST:
            self[key] = value
        return value
