"""Keys for different purposes from the one secret of an installation."""

import hashlib
import hmac


def derived_key(secret: bytes, purpose: str) -> bytes:
    """32 bytes that tell nothing of the secret or of the key for any other purpose."""
    return hmac.digest(secret, f"lunaroute {purpose}".encode(), hashlib.sha256)
