"""Telling clients apart by their credentials, without keeping these."""

import hashlib

from attrs import Factory, field, frozen

from lunaroute_core.credential_headers import CREDENTIAL_HEADERS
from lunaroute_core.headers import Headers
from lunaroute_egress.conversation.derived_key import derived_key


@frozen
class TenantNames:
    """Names the client that a request came from.

    Args:
        secret: the installation's, without which a name cannot be traced to a credential.
    """

    _secret: bytes = field(repr=False)
    _hash: "hashlib.blake2b" = field(
        init=False,
        repr=False,
        eq=False,
        default=Factory(lambda self: _keyed_hash(self._secret), takes_self=True),
    )

    def of(self, headers: Headers) -> str:
        """32 hexadecimal digits, the same for a key in whichever header; "" without a key."""
        sent = [value for name, value in headers if name in CREDENTIAL_HEADERS]
        keys = {*map(_bare, sent)} - {b""}
        if not keys:
            return ""
        name = self._hash.copy()  # Making one from its key takes twice as long.
        name.update(b"\0".join(sorted(keys)))
        return name.hexdigest()


def _keyed_hash(secret: bytes) -> "hashlib.blake2b":
    return hashlib.blake2b(key=derived_key(secret, "tenant"), digest_size=16)


def _bare(value: bytes) -> bytes:
    """The key without the scheme before it."""
    scheme, space, key = value.strip().partition(b" ")
    return key.strip() if space and scheme.lower() == b"bearer" else value.strip()
