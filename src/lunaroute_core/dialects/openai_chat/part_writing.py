"""Content blocks as message content: `content_decoding` the other way round."""

from lunaroute_core.dialects.openai_chat.extensions import form_of, own_fields, restored
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    AudioBlock,
    Block,
    CacheMark,
    DocumentBlock,
    Extensions,
    FileSource,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
    RefusalBlock,
    Source,
    TextBlock,
    UrlSource,
)


def write_content(blocks: list[Block], kept: Extensions) -> JSONObject:
    """The `content` field: a string for one text, unless it was an array of parts.

    Not there for no blocks, where a null among the kept fields is written in its place.
    """
    return write_content_as(blocks, parts=form_of(kept).get("content") == "parts")


def write_content_as(blocks: list[Block], *, parts: bool) -> JSONObject:
    """`content`, with an array of parts if it must be one."""
    match blocks:
        case [TextBlock(text=text, cache=None) as only] if not parts and not own_fields(
            only.extensions
        ):
            return {"content": text}
        case [] if not parts:
            return {}
        case _:
            return {"content": [write_part(block) for block in blocks]}


def write_part(block: Block) -> JSONObject:
    """One part.

    Raises:
        TypeError: Chat has no such part.
    """
    if isinstance(block, OpaqueBlock):
        return block.raw
    written: JSONObject = {**_write_own(block), **_write_cache_mark(block.cache)}
    return restored(written, block.extensions)


def _write_own(block: Block) -> JSONObject:
    match block:
        case TextBlock():
            return {"type": "text", "text": block.text}
        case RefusalBlock():
            return {"type": "refusal", "refusal": block.text}
        case ImageBlock():
            url: JSONObject = {"url": _url(block.source), **given(detail=block.detail)}
            return {"type": "image_url", "image_url": url}
        case AudioBlock():
            audio = given(data=block.data, format=block.format)
            return {"type": "input_audio", "input_audio": audio}
        case DocumentBlock():
            return {"type": "file", "file": _file(block)}
        case _:
            raise TypeError(f"Chat messages hold no {type(block).__name__}")


def _write_cache_mark(mark: CacheMark | None) -> JSONObject:
    if mark is None:
        return {}
    return {"prompt_cache_breakpoint": {"mode": "explicit", **given(ttl=mark.ttl)}}


def _file(document: DocumentBlock) -> JSONObject:
    source = document.source
    if isinstance(source, FileSource):
        return given(file_id=source.file_id, filename=document.title)
    bare = isinstance(source, InlineSource) and form_of(document.extensions).get("data") == "base64"
    data = source.data if isinstance(source, InlineSource) and bare else _url(source)
    return given(filename=document.title, file_data=data)


def _url(source: Source | None) -> str:
    match source:
        case UrlSource(url=url):
            return url
        case InlineSource(media_type=media_type, data=data):
            return f"data:{media_type};base64,{data}"
        case _:
            raise TypeError(f"Chat has no URL for a {type(source).__name__}")


def given(**fields: JSONValue) -> JSONObject:
    """The fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}
