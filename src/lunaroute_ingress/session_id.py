"""Which conversation a request belongs to, as its client says."""

import re
from collections.abc import Mapping

_HEADERS = (
    b"x-claude-code-session-id",  # Claude Code
    b"session-id",  # Codex
    b"session_id",  # Codex, older
    b"x-session-id",  # OpenCode and others
)
_ANY = frozenset(_HEADERS)
_VALID = re.compile(rb"[A-Za-z0-9_-]{1,255}")


def session_id_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The first session id that is one: 1 to 255 letters, digits, `-`, `_`."""
    if _ANY.isdisjoint(headers):
        return None
    for name in _HEADERS:
        value = headers.get(name)
        if value is not None and _VALID.fullmatch(value):
            return value.decode()
    return None
