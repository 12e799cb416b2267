"""What an upstream is known to lack for a request, without asking it."""

from collections.abc import Iterable, Iterator

from lunaroute_core import InvalidRequestError, ModelRequest
from lunaroute_core.capabilities import Capabilities
from lunaroute_core.model import (
    Block,
    DocumentBlock,
    ImageBlock,
    NormalizedRequest,
    SearchResultBlock,
    TextSource,
    ToolResultBlock,
)
from lunaroute_core.token_estimate import estimate_tokens

_CERTAINLY = 1.25
"""How far an estimate must be above a limit to be believed: it is seldom further off."""


def lacking_capability(request: ModelRequest, known: Capabilities) -> str | None:
    """Which of the capabilities that say so for certain a request needs in vain, None if none.

    The request is decoded only where one is restricted. Whatever else a model does not take is
    fitted to it, or refused by it.
    """
    restricted = not (known.tools and known.images and known.documents)
    if not restricted and known.context_window is None:
        return None
    try:
        return _lacking(request.normalized, known)
    except InvalidRequestError:
        return None  # whoever answers it tells the client


def _lacking(request: NormalizedRequest, known: Capabilities) -> str | None:
    if not known.tools and request.tools:
        return "the model takes no tools"
    blocks = () if known.images and known.documents else tuple(_blocks(request))
    if not known.images and any(isinstance(block, ImageBlock) for block in blocks):
        return "the model takes no images"
    if not known.documents and any(_is_file(block) for block in blocks):
        return "the model takes no documents"
    window = known.context_window
    if window is not None and (tokens := estimate_tokens(request)) > _CERTAINLY * window:
        return f"about {tokens} input tokens do not fit into the model's context of {window}"
    return None


def _is_file(block: Block) -> bool:
    """Whether a block is a document that is not given as text."""
    return isinstance(block, DocumentBlock) and not (
        block.source is None or isinstance(block.source, TextSource)
    )


def _blocks(request: NormalizedRequest) -> Iterator[Block]:
    yield from _nested(request.instructions)
    for turn in request.turns:
        yield from _nested(turn.blocks)


def _nested(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, ToolResultBlock | DocumentBlock | SearchResultBlock):
            yield from _nested(block.blocks)
