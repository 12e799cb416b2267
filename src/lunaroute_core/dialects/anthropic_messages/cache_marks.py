"""Prompt-cache breakpoints within Anthropic's rules."""

from typing import Literal

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.model import (
    Block,
    CacheMark,
    DocumentBlock,
    NormalizedRequest,
    ReasoningBlock,
    SearchResultBlock,
    Tool,
    ToolResultBlock,
)

_MOST = 4
_LONGER: dict[str, Literal["5m", "1h"]] = {"5m": "5m", "30m": "1h", "1h": "1h", "12h": "1h"}


def fit_cache_marks(request: NormalizedRequest, adaptation: Adaptation) -> None:
    """Give every mark a life that Anthropic sells, and keep the last four.

    Of two marks the earlier must not live shorter, so what stands before a long one is long.
    """
    marked = _marked(request)
    if len(marked) > _MOST:
        message = f"Anthropic takes {_MOST}; the last ones are kept"
        adaptation.translation.dropped(adaptation.named("breakpoint"), message)
    for element in marked[:-_MOST]:
        element.cache = None
    life: Literal["5m", "1h"] | None = None
    for element in reversed(marked[-_MOST:]):
        mark = element.cache
        if mark is not None and mark.ttl is not None and life != "1h":
            life = _life(mark.ttl, adaptation)
        element.cache = CacheMark(ttl="1h" if life == "1h" else _own(mark))


def _own(mark: CacheMark | None) -> Literal["5m"] | None:
    return "5m" if mark is not None and mark.ttl == "5m" else None


def _life(ttl: str, adaptation: Adaptation) -> Literal["5m", "1h"]:
    if ttl == "12h":
        adaptation.translation.emulated(adaptation.named("breakpoint"), "1h is the longest")
    return _LONGER[ttl]


def _marked(request: NormalizedRequest) -> list[Tool | Block]:
    """What is marked, in the order of the prompt."""
    marked: list[Tool | Block] = [tool for tool in request.tools if tool.cache is not None]
    _add_marked(request.instructions, marked)
    for turn in request.turns:
        _add_marked(turn.blocks, marked)
    return marked


def _add_marked(blocks: list[Block], marked: list[Tool | Block]) -> None:
    for block in blocks:
        if isinstance(block, ToolResultBlock | DocumentBlock | SearchResultBlock):
            _add_marked(block.blocks, marked)
        if block.cache is not None and not isinstance(block, ReasoningBlock):
            marked.append(block)
