"""Prompt-cache breakpoints as OpenAI takes them."""

from collections.abc import Iterator
from typing import Literal

from lunaroute_core.dialects.openai_chat.extensions import extensions, form_of, own_fields
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.json_value import JSONValue
from lunaroute_core.model import (
    Block,
    CacheMark,
    CacheOptions,
    NormalizedRequest,
    ReasoningBlock,
    RefusalBlock,
    ToolCallBlock,
    ToolResultBlock,
)

_MOST = 4
_OPTIONS: dict[str, tuple[JSONValue, ...]] = {"mode": ("implicit", "explicit"), "ttl": ("30m",)}
_LONGER: dict[str, Literal["30m", "12h"]] = {"5m": "30m", "30m": "30m", "1h": "12h", "12h": "12h"}


def place_cache_marks(adapted: NormalizedRequest, asked: NormalizedRequest) -> None:
    """Give every mark of an adapted request a life that OpenAI sells, and keep the last four.

    Tools cannot be marked: the mark of one is that of the first instructions after them. A
    mark for the request as a whole is what OpenAI does anyway, unless it is to last longer.
    """
    parts = list(_parts(adapted))
    if any(tool.cache is not None for tool in asked.tools) and adapted.instructions:
        first = adapted.instructions[0]
        first.cache = first.cache or next(it.cache for it in asked.tools if it.cache is not None)
    whole = None if asked.cache is None else asked.cache.mark
    if whole is not None and whole.ttl == "1h" and parts:
        parts[-1].cache = parts[-1].cache or whole
    marked = [part for part in parts if part.cache is not None]
    for part in marked[:-_MOST]:
        part.cache = None
    for part in marked[-_MOST:]:
        part.cache = None if part.cache is None else _fitted(part.cache)
    if marked:
        _write_in_parts(adapted)


def _write_in_parts(request: NormalizedRequest) -> None:
    """Have all content written as parts, marked or not: its form must not change when the mark
    moves on, or what was cached is not found.
    """
    if request.instructions:
        first = request.instructions[0]
        head = form_of(first.extensions).get("message")
        if isinstance(head, dict):
            first.extensions = extensions({}, {"message": {**head, "content": "parts"}})
    for turn in request.turns:
        if not all(isinstance(block, ToolCallBlock | ReasoningBlock) for block in turn.blocks):
            form = {**form_of(turn.extensions), "content": "parts"}
            turn.extensions = extensions(own_fields(turn.extensions), form)


def remove_cache_marks(adapted: NormalizedRequest) -> None:
    """Leave caching to a server that knows no breakpoints."""
    for part in _parts(adapted):
        part.cache = None


def adapted_cache(asked: CacheOptions | None, adaptation: Adaptation) -> CacheOptions | None:
    """Caching asked for the request as a whole, with the options that Chat has.

    Raises:
        InvalidRequestError: the cache is to be filled without an answer.
    """
    if asked is None:
        return None
    param = adaptation.named("cache_options")
    given = asked.options or {}
    if given.get("prewarm"):
        message = "Chat cannot fill its cache without writing an answer"
        adaptation.translation.rejected(f"{param}.prewarm", message)
    if not adaptation.capabilities.first_party:
        _drop_options(asked, adaptation)
        return None
    options = {key: it for key, it in given.items() if it in _OPTIONS.get(key, ())}
    for key in given:
        if key not in options:
            adaptation.translation.dropped(f"{param}.{key}", "Chat has no such option")
    return CacheOptions(key=asked.key, options=options or None)


def _drop_options(asked: CacheOptions, adaptation: Adaptation) -> None:
    given = {"cache_key": asked.key, "cache_options": asked.options}
    for key, value in given.items():
        if value:
            adaptation.translation.dropped(adaptation.named(key), "only OpenAI knows it")


def _fitted(mark: CacheMark) -> CacheMark:
    return mark if mark.ttl is None else CacheMark(ttl=_LONGER[mark.ttl])


def _parts(request: NormalizedRequest) -> Iterator[Block]:
    """What can be marked, in the order of the prompt."""
    yield from request.instructions
    for turn in request.turns:
        for block in turn.blocks:
            if isinstance(block, ToolResultBlock):
                yield from block.blocks
            elif not isinstance(block, ToolCallBlock | ReasoningBlock | RefusalBlock):
                yield block
