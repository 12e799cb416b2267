"""Writes content blocks into a request: `blocks` the other way round.

Together with the extensions that reading kept, a block is written as the object it was.
"""

from typing import Any

from msgspec import Raw

from lunaroute_core.dialects.anthropic_messages.answer_blocks import PARTS_SEPARATOR, write_input
from lunaroute_core.dialects.anthropic_messages.blocks import STRING_FORM
from lunaroute_core.dialects.anthropic_messages.name import DIALECT
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    CacheMark,
    Citation,
    DocumentBlock,
    Extensions,
    FileSource,
    ImageBlock,
    InlineSource,
    ReasoningBlock,
    RefusalBlock,
    SearchResultBlock,
    Source,
    TextBlock,
    TextSource,
    ToolCallBlock,
    ToolResultBlock,
    UrlSource,
)


def write_content(blocks: list[Block], extensions: Extensions, *, key: str) -> JSONValue:
    """The field `key` of a message, a tool result or the request, in the form it had; None
    where there was no such field.
    """
    form = extensions[DIALECT].get(key) if DIALECT in extensions else None
    if form == STRING_FORM and len(blocks) == 1 and isinstance(blocks[0], TextBlock):
        return blocks[0].text
    if not blocks:
        return [] if form == [] else None
    return [*map(write_request_block, blocks)]


def restored(written: JSONObject, extensions: Extensions) -> JSONObject:
    """An object with the fields that reading kept of it; those of inner objects too."""
    return _merged(written, extensions[DIALECT]) if DIALECT in extensions else written


def write_cache_mark(mark: CacheMark | None) -> JSONObject | None:
    """`cache_control`, None where nothing is marked."""
    if mark is None:
        return None
    return {"type": "ephemeral"} if mark.ttl is None else {"type": "ephemeral", "ttl": mark.ttl}


def write_request_block(block: Block) -> JSONObject:  # noqa: C901 - one for each kind
    """A block as it stands in a request.

    Raises:
        TypeError: Anthropic requests have no such block.
    """
    match block:
        case TextBlock():
            written: JSONObject = {"type": "text", "text": block.text}
            if block.citations:
                written |= _write_citations(block.citations)
        case ToolCallBlock():
            written = _write_call(block)
        case ToolResultBlock():
            written = _write_result(block)
        case ReasoningBlock():
            written = _write_reasoning(block)
        case ImageBlock():
            written = _write_image(block)
        case DocumentBlock():
            written = _write_document(block)
        case SearchResultBlock():
            written = _write_search_result(block)
        case RefusalBlock():
            written = {"type": "text", "text": block.text}
        case AudioBlock():
            raise TypeError("Anthropic requests hold no audio")
        case _:
            return block.raw
    if block.cache is not None:
        written["cache_control"] = write_cache_mark(block.cache)
    return restored(written, block.extensions) if block.extensions else written


def _write_image(block: ImageBlock) -> JSONObject:
    return {"type": "image", "source": _write_source(block.source)}


def _write_citations(citations: list[Citation]) -> JSONObject:
    own: list[JSONValue] = [it.raw for it in citations if it.dialect == DIALECT]
    return {"citations": own} if own else {}


def _write_source(source: Source) -> JSONObject:
    match source:
        case InlineSource():
            return {"type": "base64", "media_type": source.media_type, "data": source.data}
        case UrlSource():
            return {"type": "url", "url": source.url}
        case FileSource():
            return {"type": "file", "file_id": source.file_id}
        case TextSource():
            return {"type": "text", "media_type": source.media_type, "data": source.text}


def _write_document(document: DocumentBlock) -> JSONObject:
    if document.source is not None:
        source = _write_source(document.source)
    else:
        form = document.extensions.get(DIALECT, {}).get("source")
        inner: Extensions = {DIALECT: form} if isinstance(form, dict) else {}
        content = write_content(document.blocks, inner, key="content")
        source: JSONObject = {"type": "content", "content": [] if content is None else content}
    return {
        "type": "document",
        "source": source,
        **_given(title=document.title, context=document.context),
        **_write_citations_enabled(document.citations_enabled),
    }


def _write_search_result(result: SearchResultBlock) -> JSONObject:
    return {
        "type": "search_result",
        "source": result.source,
        "title": result.title,
        "content": [write_request_block(block) for block in result.blocks],
        **_write_citations_enabled(result.citations_enabled),
    }


def _write_citations_enabled(enabled: bool | None) -> JSONObject:  # noqa: FBT001 - a field
    return {} if enabled is None else {"citations": {"enabled": enabled}}


def _write_call(call: ToolCallBlock) -> JSONObject:
    """A call; its arguments as the very bytes they came in, if they are an object at all."""
    arguments: Any
    if call.tool_kind == "function" and isinstance(call.arguments, dict) and call.raw_arguments:
        arguments = Raw(call.raw_arguments.encode())
    else:
        arguments = write_input(call)
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments}


def _write_result(result: ToolResultBlock) -> JSONObject:
    written: JSONObject = {"type": "tool_result", "tool_use_id": result.call_id}
    content = write_content(result.blocks, result.extensions, key="content")
    if content is not None:
        written["content"] = content
    if result.is_error is not None:
        written["is_error"] = result.is_error
    return written


def _write_reasoning(block: ReasoningBlock) -> JSONObject:
    if block.variant == "redacted":
        return {"type": "redacted_thinking", "data": block.opaque or ""}
    text = PARTS_SEPARATOR.join(block.parts)
    return {"type": "thinking", "thinking": text, **_given(signature=block.opaque)}


def _given(**fields: JSONValue) -> JSONObject:
    return {key: value for key, value in fields.items() if value is not None}


def _merged(written: JSONObject, kept: JSONObject) -> JSONObject:
    merged = dict(written)
    for key, value in kept.items():
        have = merged.get(key)
        if value in (STRING_FORM, []) and key in merged:
            continue
        if isinstance(have, dict) and isinstance(value, dict) and key != "cache_control":
            merged[key] = _merged(have, value)
        else:
            merged[key] = value
    return merged
