"""A state store as a memory uses it: typed values, and no harm done when it fails."""

import asyncio
from typing import Generic, TypeVar

import msgspec
import structlog
from attrs import Factory, field, frozen
from msgspec import ValidationError

from lunaroute_core.errors import StateStoreError
from lunaroute_core.protocols import StateStore

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds that a store may take; clients wait as long."""

_log = structlog.get_logger("lunaroute.conversation")


@frozen(kw_only=True)
class KeptState(Generic[T]):
    """Values of one kind under names of their own, each for `ttl` seconds.

    Attributes:
        kind: the values' type.
        prefix: how their keys begin.
        max_bytes: larger values are not kept.
        patience: seconds after which the store counts as failed.
    """

    store: StateStore
    kind: type[T]
    prefix: str
    ttl: float
    max_bytes: int
    patience: float = PATIENCE
    _decoder: "msgspec.json.Decoder[T]" = field(
        init=False, default=Factory(lambda self: msgspec.json.Decoder(self.kind), takes_self=True)
    )

    async def get(self, name: str) -> T | None:
        """The value; None also where the store fails, or what it holds cannot be read."""
        try:
            async with asyncio.timeout(self.patience):
                value = await self.store.get(self._key(name))
            return None if value is None else self._decoder.decode(value)
        except TimeoutError:
            reason = f"the store did not answer within {self.patience:g} s"
        except (StateStoreError, ValidationError, msgspec.DecodeError) as error:
            reason = str(error)
        _log.warning("kept state unreadable", kind=self.prefix, reason=reason)
        return None

    async def set(self, name: str, value: T) -> bool:
        """Keep a value; False where it is too large, has no written form, or the store fails."""
        try:
            written = msgspec.json.encode(value)
            if len(written) <= self.max_bytes:
                async with asyncio.timeout(self.patience):
                    await self.store.set(self._key(name), written, ttl=self.ttl)
                return True
            reason = f"{len(written)} bytes are more than {self.max_bytes}"
        except TimeoutError:
            reason = f"the store did not answer within {self.patience:g} s"
        except (StateStoreError, ValueError, OverflowError, RecursionError) as error:
            reason = str(error)
        _log.warning("state not kept", kind=self.prefix, reason=reason)
        return False

    async def delete(self, name: str) -> bool:
        """Whether there was one, and it is gone.

        Raises:
            StateStoreError: the store failed, so that it may still be there.
        """
        return await self.store.delete(self._key(name))

    def _key(self, name: str) -> str:
        return f"{self.prefix}:{name}"
