"""Keys made from a secret, and the values they seal.

A sealed value is, in this order, a version byte (1), 8 bytes of the key's id, a nonce of 12
bytes, the ciphertext, and a tag of 16 bytes. The cipher is AES-256-GCM. Header and identity
of the record are authenticated, so a value is of no use under another key of the store.

Each record is sealed under a key of its own. Random nonces must not be used more than 2**32
times with one key (NIST SP 800-38D, 8.3), which a busy gateway could reach in a year; no
single record is written as often.
"""

import hmac
import os
import struct
from collections.abc import Callable
from enum import StrEnum
from typing import Self

from attrs import field, frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = 1
_HEADER = struct.Struct(">B8s12s")
_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 8, 12, 16
_LEAST_SECRET = 32


class UnreadableReason(StrEnum):
    """Why a value could not be unsealed."""

    MALFORMED = "malformed"
    """It is none of ours, or of a later version."""
    UNKNOWN_KEY = "unknown_key"
    TAMPERED = "tampered"
    """Value, header or identity are not those that were sealed together."""


class UnreadableValueError(Exception):
    def __init__(self, reason: UnreadableReason) -> None:
        self.reason = reason
        super().__init__(reason)


def derive_key(secret: bytes, *, purpose: str, size: int = 32) -> bytes:
    """A key of `size` bytes for one purpose (HKDF-SHA256, RFC 5869); others reveal nothing of it.

    Raises:
        ValueError: the secret has less than 32 bytes. It is taken to be random: there is no
            protection against guessing, so a password is not a secret.
    """
    if len(secret) < _LEAST_SECRET:
        raise ValueError(f"a secret has at least {_LEAST_SECRET} bytes, not {len(secret)}")
    info = b"lunaroute " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(secret)


@frozen(kw_only=True)
class EncryptionKey:
    """A key for one purpose, and the id by which its values are recognised."""

    id: bytes
    key: bytes = field(repr=False)

    @classmethod
    def from_secret(cls, secret: bytes, *, purpose: str) -> Self:
        """The key and the id that belong to a secret.

        Raises:
            ValueError: the secret has less than 32 bytes.
        """
        derived = derive_key(secret, purpose=f"encryption of {purpose}", size=32 + _ID_BYTES)
        return cls(key=derived[:32], id=derived[32:])

    def seal(
        self, value: bytes, *, identity: bytes, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> bytes:
        """Encrypt a value for the record of that identity; it grows by 37 bytes."""
        nonce = random_bytes(_NONCE_BYTES)
        header = _HEADER.pack(_VERSION, self.id, nonce)
        return header + self._cipher(identity).encrypt(nonce, value, header + identity)

    def unseal(self, sealed: bytes, *, identity: bytes) -> bytes:
        """The value that `seal` was given.

        Raises:
            UnreadableValueError: it was sealed with another key or identity, or was changed.
        """
        if key_id(sealed) != self.id:
            raise UnreadableValueError(UnreadableReason.UNKNOWN_KEY)
        header, body = sealed[: _HEADER.size], sealed[_HEADER.size :]
        try:
            nonce = header[-_NONCE_BYTES:]
            return self._cipher(identity).decrypt(nonce, body, header + identity)
        except InvalidTag as error:
            raise UnreadableValueError(UnreadableReason.TAMPERED) from error

    def _cipher(self, identity: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self.key, identity, "sha256"))


def key_id(sealed: bytes) -> bytes:
    """The id of the key that a value was sealed with.

    Raises:
        UnreadableValueError: it is no sealed value.
    """
    if len(sealed) < _HEADER.size + _TAG_BYTES or sealed[0] != _VERSION:
        raise UnreadableValueError(UnreadableReason.MALFORMED)
    return sealed[1 : 1 + _ID_BYTES]
