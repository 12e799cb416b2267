"""Prompt-cache breakpoints as OpenAI takes them: on parts of what it reads."""

from collections.abc import Iterator
from typing import Literal

from lunaroute_core.dialects.openai_responses.fields import item_head
from lunaroute_core.dialects.openai_responses.name import DIALECT
from lunaroute_core.model import (
    Block,
    CacheMark,
    NormalizedRequest,
    ReasoningBlock,
    TextBlock,
    ToolCallBlock,
    ToolResultBlock,
)

_MOST = 4
_LONGER: dict[str, Literal["30m", "12h"]] = {"5m": "30m", "30m": "30m", "1h": "12h", "12h": "12h"}


def place_cache_marks(adapted: NormalizedRequest, asked: NormalizedRequest) -> None:
    """Give every mark of an adapted request a life that OpenAI sells, and keep the last four.

    What the assistant said cannot be marked: its mark goes to the last part before it. Tools
    cannot either: theirs goes to the first instructions. A mark for the request as a whole is
    what OpenAI does anyway, unless it is to last longer.
    """
    tools = next((tool.cache for tool in asked.tools if tool.cache is not None), None)
    if adapted.instructions and tools is not None:
        adapted.instructions[0].cache = adapted.instructions[0].cache or tools
    parts = _moved(adapted)
    whole = None if asked.cache is None else asked.cache.mark
    if whole is not None and whole.ttl == "1h" and parts:
        parts[-1].cache = parts[-1].cache or whole
    marked = [part for part in parts if part.cache is not None]
    for part in marked[:-_MOST]:
        part.cache = None
    for part in marked[-_MOST:]:
        part.cache = None if part.cache is None else _fitted(part.cache)
    _without_strings(adapted)


def remove_cache_marks(adapted: NormalizedRequest) -> None:
    """Leave caching to a server that knows no breakpoints."""
    for block in _blocks(adapted):
        block.cache = None


def _fitted(mark: CacheMark) -> CacheMark:
    return mark if mark.ttl is None else CacheMark(ttl=_LONGER[mark.ttl])


def _moved(request: NormalizedRequest) -> list[Block]:
    """What can be marked, in the order of the prompt, with the marks of what cannot."""
    parts: list[Block] = []
    for block in _blocks(request):
        if _is_markable(block):
            parts.append(block)
        elif block.cache is not None:
            if parts:
                parts[-1].cache = parts[-1].cache or block.cache
            block.cache = None
    return parts


def _is_markable(block: Block) -> bool:
    head = item_head(block) or {}
    return head.get("role") != "assistant" and not isinstance(block, ToolCallBlock | ReasoningBlock)


def _without_strings(request: NormalizedRequest) -> None:
    """A tool's output that has been marked is a list of parts, since a string has no mark."""
    for turn in request.turns:
        for block in turn.blocks:
            match block:
                case ToolResultBlock(blocks=[TextBlock(cache=CacheMark())]):
                    block.extensions = {
                        key: it for key, it in block.extensions.items() if key != DIALECT
                    }
                case _:
                    pass


def _blocks(request: NormalizedRequest) -> Iterator[Block]:
    yield from request.instructions
    for turn in request.turns:
        for block in turn.blocks:
            if isinstance(block, ToolResultBlock):
                yield from block.blocks
            else:
                yield block
