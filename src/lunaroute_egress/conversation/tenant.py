"""Telling clients apart by their credentials, without keeping these."""

from hashlib import blake2b

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
    _key: bytes = field(
        init=False,
        repr=False,
        default=Factory(lambda self: derived_key(self._secret, "tenant"), takes_self=True),
    )

    def of(self, headers: Headers) -> str:
        """32 hexadecimal digits, the same for a key in whichever header; "" without a key."""
        keys = {_bare(value) for name, value in headers if name in CREDENTIAL_HEADERS} - {b""}
        if not keys:
            return ""
        return blake2b(b"\0".join(sorted(keys)), key=self._key, digest_size=16).hexdigest()


def _bare(value: bytes) -> bytes:
    """The key without the scheme before it."""
    scheme, space, key = value.strip().partition(b" ")
    return key.strip() if space and scheme.lower() == b"bearer" else value.strip()
