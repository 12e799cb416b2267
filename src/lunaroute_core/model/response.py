"""The normalized response: one finished answer."""

from msgspec import Struct

from lunaroute_core.errors import ErrorDetails
from lunaroute_core.model.content import Block, Extensions
from lunaroute_core.model.finish import Finish
from lunaroute_core.model.usage import Usage


class Candidate(Struct, kw_only=True, omit_defaults=True):
    """A further answer to the same request (Chat's `n` > 1)."""

    index: int
    blocks: list[Block]
    finish: Finish | None = None
    extensions: Extensions = {}


class NormalizedResponse(Struct, kw_only=True, omit_defaults=True):
    id: str
    model: str
    blocks: list[Block] = []
    finish: Finish | None = None
    usage: Usage | None = None
    created: int | None = None
    """Unix time in seconds, where the vendor gives one."""
    stored: bool = False
    """Whether the gateway keeps the answer, so that requests may name it."""
    alternatives: list[Candidate] = []
    error: ErrorDetails | None = None
    """What went wrong, of an answer that finished in an error, where the vendor says it."""
    extensions: Extensions = {}
