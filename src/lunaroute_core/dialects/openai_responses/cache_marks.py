"""Prompt-cache breakpoints and options as OpenAI takes them: on parts of what it reads."""

from collections.abc import Iterator
from typing import Literal

from lunaroute_core.dialects.openai_responses.fields import item_head
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    Block,
    CacheMark,
    CacheOptions,
    NormalizedRequest,
    ReasoningBlock,
    ToolCallBlock,
    ToolResultBlock,
)

_MOST = 4
_LONGER: dict[str, Literal["30m", "12h"]] = {"5m": "30m", "30m": "30m", "1h": "12h", "12h": "12h"}
_OPTIONS = frozenset({"mode", "ttl"})


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


def remove_cache_marks(adapted: NormalizedRequest) -> None:
    """Leave caching to a server that knows no breakpoints."""
    for block in _blocks(adapted):
        block.cache = None


def adapted_cache(request: NormalizedRequest, adaptation: Adaptation) -> CacheOptions | None:
    """Caching asked for the request as a whole: no output tokens at all ask for a filled cache.

    Raises:
        InvalidRequestError: the model fills its cache only by answering.
    """
    asked = request.cache or CacheOptions()
    options = _options(asked, adaptation)
    if request.limits.max_output_tokens == 0:
        if not adaptation.marks_caches:
            param = adaptation.named("max_output_tokens")
            message = "this model cannot fill its cache without writing an answer"
            adaptation.translation.rejected(param, message)
        options["prewarm"] = True
    key = asked.key
    if key is not None and not adaptation.capabilities.first_party:
        adaptation.translation.dropped("prompt_cache_key", "only OpenAI knows it")
        key = None
    return CacheOptions(key=key, options=options or None) if key or options else None


def _options(asked: CacheOptions, adaptation: Adaptation) -> JSONObject:
    given = asked.options or {}
    if given and not adaptation.marks_caches:
        adaptation.translation.dropped("prompt_cache_options", "the model takes none")
        return {}
    for key in sorted(given.keys() - _OPTIONS):
        adaptation.translation.dropped(f"prompt_cache_options.{key}", "it is no option of Chat's")
    return {key: value for key, value in given.items() if key in _OPTIONS}


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


def _blocks(request: NormalizedRequest) -> Iterator[Block]:
    yield from request.instructions
    for turn in request.turns:
        for block in turn.blocks:
            if isinstance(block, ToolResultBlock):
                yield from block.blocks
            else:
                yield block
