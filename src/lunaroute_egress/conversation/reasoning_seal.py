"""The seal: reasoning as one opaque text that a client of another dialect can carry.

What a vendor signed means something to that vendor's model only, and must come back exactly
as it was. So a client of another dialect gets the whole block, with where it is from, as the
one opaque text its own dialect has for reasoning: a signature, encrypted content, data. The
text bears a MAC, since its client could otherwise have the gateway vouch for anything.

Equal blocks have equal seals: what requests repeat must not vary, or no prompt cache would
find it. The form is `luna1.PAYLOAD.MAC`, both in base64url without padding.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
from attrs import Factory, field, frozen
from msgspec import Struct

from lunaroute_core.model import Origin, ReasoningBlock
from lunaroute_egress.conversation.derived_key import derived_key

MARK = "luna1."
"""How every seal begins."""
UNSIGNED = f"{MARK}none"
"""For reasoning that nobody signed, in dialects where all of it must be signed."""

_MAC_BYTES = 16


class SealedReasoning(Struct, frozen=True, array_like=True):
    """What a seal holds: a block as its origin made it."""

    origin: Origin
    block: ReasoningBlock


_PAYLOAD = msgspec.msgpack.Decoder(SealedReasoning)
_JSON = b"["
"""How a payload begins that is JSON, for numbers that MessagePack has not."""


@frozen
class ReasoningSeal:
    """Makes and opens seals.

    Args:
        secret: seals made with another one do not open.
    """

    _secret: bytes = field(repr=False)
    _key: bytes = field(
        init=False,
        repr=False,
        default=Factory(lambda self: derived_key(self._secret, "seal"), takes_self=True),
    )

    def sealed(self, block: ReasoningBlock, origin: Origin) -> ReasoningBlock:
        """The block with all that must come back in its opaque text, and nothing else that
        only its origin understands.
        """
        text = UNSIGNED
        if block.opaque or block.item_id or block.extensions:
            text = self._seal(SealedReasoning(origin, msgspec.structs.replace(block, origin=None)))
        return ReasoningBlock(variant=block.variant, parts=block.parts, opaque=text)

    def opened(self, text: str) -> SealedReasoning | None:
        """What a seal holds; None for a text that is none, or not one that this gateway makes."""
        prefix, payload, mac = _split(text)
        if prefix != MARK or not hmac.compare_digest(mac, self._mac(payload).encode()):
            return None
        try:
            return _read(_bytes(payload))
        except (msgspec.DecodeError, RecursionError):
            # Of another version, whose blocks were others.
            return None

    def _seal(self, held: SealedReasoning) -> str:
        payload = _text(_written(held))
        return f"{MARK}{payload}.{self._mac(payload)}"

    def _mac(self, payload: str) -> str:
        return _text(hmac.digest(self._key, payload.encode(), hashlib.sha256)[:_MAC_BYTES])


def is_sealed(text: str | None) -> bool:
    """Whether a text looks like a seal, whoever made it."""
    return text is not None and text.startswith(MARK)


def _split(text: str) -> tuple[str, str, bytes]:
    """Mark, payload and MAC; empty ones for a text of another form."""
    payload, dot, mac = text.removeprefix(MARK).partition(".")
    if not (is_sealed(text) and dot and text.isascii()):
        return "", "", b""
    return MARK, payload, mac.encode()


def _written(held: SealedReasoning) -> bytes:
    try:
        return msgspec.msgpack.encode(held)
    except OverflowError:
        return msgspec.json.encode(held)


def _read(payload: bytes) -> SealedReasoning:
    if payload.startswith(_JSON):
        return msgspec.json.decode(payload, type=SealedReasoning)
    return _PAYLOAD.decode(payload)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
