"""Writes content parts: `content_parts` the other way round."""

from lunaroute_core.dialects.openai_responses.fields import restored
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    AudioBlock,
    Block,
    CacheMark,
    DocumentBlock,
    FileSource,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
    RefusalBlock,
    Source,
    TextBlock,
    UrlSource,
)

_PARTS = (TextBlock, ImageBlock, DocumentBlock, AudioBlock, RefusalBlock)


def is_part(block: Block) -> bool:
    """Whether a block can only stand in a message or a tool's output."""
    return isinstance(block, _PARTS)


def write_input_part(block: Block, *, usual: str) -> JSONObject:
    """One part of a message or a tool's output; `usual` is the type that texts have there."""
    if isinstance(block, OpaqueBlock):
        return block.raw
    part = _write(block, usual)
    if block.cache is not None:
        part["prompt_cache_breakpoint"] = _breakpoint(block.cache)
    return restored(part, block.extensions)


def _write(block: Block, usual: str) -> JSONObject:
    match block:
        case TextBlock():
            part: JSONObject = {"type": usual, "text": block.text}
            if block.citations:
                part["annotations"] = [citation.raw for citation in block.citations]
            return part
        case RefusalBlock():
            return {"type": "refusal", "refusal": block.text}
        case ImageBlock():
            detail: JSONObject = {} if block.detail is None else {"detail": block.detail}
            return {"type": "input_image", **_source(block.source, "image_url"), **detail}
        case DocumentBlock():
            name: JSONObject = {} if block.title is None else {"filename": block.title}
            return {"type": "input_file", **name, **_source(block.source, "file_data")}
        case AudioBlock():
            audio: JSONObject = {"data": block.data, "format": block.format}
            return {"type": "input_audio", "input_audio": audio}
        case _:
            raise TypeError(f"{type(block).__name__} is no part of a message")


def _source(source: Source | None, inline: str) -> JSONObject:
    """The field that a source stands in; data stand in `inline`, as a data URL if typed."""
    match source:
        case UrlSource():
            return {"image_url" if inline == "image_url" else "file_url": source.url}
        case FileSource():
            return {"file_id": source.file_id}
        case InlineSource(media_type=""):
            return {inline: source.data}
        case InlineSource():
            return {inline: f"data:{source.media_type};base64,{source.data}"}
        case _:
            raise TypeError(f"{type(source).__name__} is no source of a part")


def _breakpoint(mark: CacheMark) -> JSONObject:
    ttl: JSONObject = {} if mark.ttl is None else {"ttl": mark.ttl}
    return {"mode": "explicit", **ttl}
