"""A layer that keeps what a state store holds from whoever can read the store."""

import os
from collections import Counter
from collections.abc import Callable, Sequence

import structlog
from attrs import define, field
from attrs.validators import min_len

from lunaroute_core.protocols import StateStore
from lunaroute_storage.encryption_key import (
    EncryptionKey,
    UnreadableReason,
    UnreadableValueError,
    key_id,
)

_log = structlog.get_logger("lunaroute.storage")


@define(kw_only=True, eq=False)
class EncryptedStateStore:
    """A `StateStore` whose values are sealed in another one.

    A value that cannot be unsealed, because its key is gone or somebody changed it, is not
    there. Names of keys are not hidden, nor are counters, which the store itself must add up:
    names should be hashes where they would tell something.

    To change the secret, put the new key first and keep the old one until the last value that
    was written with it has expired.

    Attributes:
        store: where the sealed values are kept; whoever opened it closes it.
        keys: the first one seals, all of them unseal.
        random_bytes: makes nonces.
        unreadable: how many values could not be unsealed, by reason.
    """

    store: StateStore
    keys: Sequence[EncryptionKey] = field(validator=min_len(1))
    random_bytes: Callable[[int], bytes] = os.urandom
    unreadable: Counter[UnreadableReason] = field(factory=Counter[UnreadableReason], init=False)

    async def get(self, key: str) -> bytes | None:
        sealed = await self.store.get(key)
        if sealed is None:
            return None
        try:
            return self._unseal(sealed, _identity(key))
        except UnreadableValueError as error:
            self.unreadable[error.reason] += 1
            _log.warning("stored value unreadable", reason=error.reason.value)
            return None

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        sealed = self.keys[0].seal(value, identity=_identity(key), random_bytes=self.random_bytes)
        await self.store.set(key, sealed, ttl=ttl)

    async def delete(self, key: str) -> bool:
        return await self.store.delete(key)

    async def increment(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        return await self.store.increment(key, amount, ttl=ttl)

    def _unseal(self, sealed: bytes, identity: bytes) -> bytes:
        wanted = key_id(sealed)
        for key in self.keys:
            if key.id == wanted:
                return key.unseal(sealed, identity=identity)
        raise UnreadableValueError(UnreadableReason.UNKNOWN_KEY)


def _identity(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
