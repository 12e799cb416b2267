"""Reads content blocks.

A block of a type, or with a source, that this version does not know becomes an
`OpaqueBlock` with the whole object. Inside tool results and documents only what the vendor
allows there is read, so that nesting is at most three deep.
"""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from msgspec import Raw

from lunaroute_core.dialects.anthropic_messages.fields import (
    FLAG,
    OBJECT,
    OBJECTS,
    RAW,
    RAW_LIST,
    RAW_LIST_OR_TEXT,
    TEXT,
    JSONFields,
)
from lunaroute_core.dialects.anthropic_messages.name import DIALECT, VENDOR
from lunaroute_core.dialects.request_json import missing_field, read_request
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import (
    Block,
    CacheMark,
    Citation,
    CompactionBlock,
    DocumentBlock,
    FileSource,
    HostedCallBlock,
    HostedResultBlock,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
    Origin,
    ReasoningBlock,
    SearchResultBlock,
    Source,
    TextBlock,
    TextSource,
    ToolCallBlock,
    ToolResultBlock,
    UrlSource,
)

BlockReader: TypeAlias = Callable[[JSONFields], Block | None]
BlockReaders: TypeAlias = Mapping[str, BlockReader]

STRING_FORM: JSONValue = {"form": "string"}
"""Stands in an extension for a string that was read as one text block."""

_TTLS: dict[JSONValue, Literal["5m", "1h"]] = {"5m": "5m", "1h": "1h"}


def read_content(
    fields: JSONFields, key: str, *, readers: "BlockReaders | None" = None
) -> list[Block]:
    """A content field: a string, which is short for one text block, or a list of blocks.

    The extension says `STRING_FORM` of a string and `[]` of an empty list, so that all of
    the forms, absence included, can be told apart.
    """
    content = fields.take(key, RAW_LIST_OR_TEXT)
    if content is None:
        return []
    if isinstance(content, str):
        fields.keep(key, STRING_FORM)
        return [TextBlock(text=content)]
    if not content:
        fields.keep(key, [])
    return _read_list(content, path=fields.at(key), readers=readers or TURN_BLOCKS)


def read_cache_mark(fields: JSONFields) -> CacheMark | None:
    """`cache_control`; a form this version does not know is marked, and kept whole."""
    control = fields.take("cache_control", OBJECT)
    if control is None:
        return None
    if control == {"type": "ephemeral"}:
        return CacheMark()
    ttl = _TTLS.get(ttl) if isinstance(ttl := control.get("ttl"), str) else None
    if ttl is None or control != {"type": "ephemeral", "ttl": ttl}:
        fields.keep("cache_control", control)
    return CacheMark(ttl=ttl)


def _read_list(raw: list[Raw], *, path: str, readers: BlockReaders) -> list[Block]:
    return [read_block(item, f"{path}[{index}]", readers) for index, item in enumerate(raw)]


def read_block(raw: Raw, path: str, readers: BlockReaders) -> Block:
    """One block at `path`, of a kind that `readers` know or else whole."""
    fields = JSONFields(raw, path=path)
    kind = fields.require("type", TEXT)
    cache = read_cache_mark(fields)
    reader = readers.get(kind)
    block = reader(fields) if reader is not None else None
    if block is None:
        hosted = readers is TURN_BLOCKS or readers is ANSWER_BLOCKS
        block = whole_block(kind, read_request(OBJECT, raw, path=path), hosted=hosted)
    else:
        block.extensions = fields.extensions()
    block.cache = cache
    return block


def whole_block(kind: str, raw: JSONObject, *, hosted: bool = True) -> Block:
    """A block that only this vendor understands, kept as it is."""
    if hosted and kind in ("server_tool_use", "mcp_tool_use"):
        return HostedCallBlock(dialect=DIALECT, type=kind, raw=raw, id=_text(raw, "id"))
    if hosted and kind.endswith("_tool_result"):
        call_id = _text(raw, "tool_use_id")
        return HostedResultBlock(dialect=DIALECT, type=kind, raw=raw, call_id=call_id)
    if hosted and kind == "compaction":
        return CompactionBlock(dialect=DIALECT, raw=raw)
    return OpaqueBlock(dialect=DIALECT, type=kind, raw=raw)


def read_citation(raw: JSONObject) -> Citation:
    """Offsets stay in `raw`: Anthropic's count in the source, not in the block's text."""
    return Citation(
        dialect=DIALECT,
        raw=raw,
        url=_text(raw, "url"),
        title=_text(raw, "title") or _text(raw, "document_title"),
        cited_text=_text(raw, "cited_text"),
    )


def _text(raw: JSONObject, key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) else None


def _read_text(fields: JSONFields) -> Block:
    citations = fields.take("citations", OBJECTS)
    if citations == []:
        fields.keep("citations", [])
    return TextBlock(
        text=fields.require("text", TEXT),
        citations=[read_citation(citation) for citation in citations or []],
    )


def _read_source(fields: JSONFields) -> Source | None:
    match fields.require("type", TEXT):
        case "base64":
            media_type = fields.require("media_type", TEXT)
            return InlineSource(media_type=media_type, data=fields.require("data", TEXT))
        case "url":
            return UrlSource(url=fields.require("url", TEXT))
        case "file":
            return FileSource(vendor=VENDOR, file_id=fields.require("file_id", TEXT))
        case "text":
            media_type = fields.require("media_type", TEXT)
            return TextSource(text=fields.require("data", TEXT), media_type=media_type)
        case _:
            return None


def _require_object(fields: JSONFields, key: str) -> JSONFields:
    value = fields.take_object(key)
    if value is None:
        raise missing_field(fields.at(key))
    return value


def _read_image(fields: JSONFields) -> Block | None:
    source = _read_source(_require_object(fields, "source"))
    return None if source is None else ImageBlock(source=source)


def _read_citations_enabled(fields: JSONFields) -> bool | None:
    options = fields.take_object("citations")
    return None if options is None else options.take("enabled", FLAG)


def _read_document(fields: JSONFields) -> Block | None:
    document = DocumentBlock(
        title=fields.take("title", TEXT),
        context=fields.take("context", TEXT),
        citations_enabled=_read_citations_enabled(fields),
    )
    source = _require_object(fields, "source")
    if (inner := source.take("content", RAW_LIST_OR_TEXT)) is None:
        document.source = _read_source(source)
        return None if document.source is None else document
    if source.require("type", TEXT) != "content":
        return None
    if isinstance(inner, str):
        source.keep("content", STRING_FORM)
        document.blocks = [TextBlock(text=inner)]
    else:
        document.blocks = _read_list(inner, path=source.at("content"), readers=_DOCUMENT_BLOCKS)
    return document


def _read_search_result(fields: JSONFields) -> Block:
    content = fields.require("content", RAW_LIST)
    return SearchResultBlock(
        source=fields.require("source", TEXT),
        title=fields.require("title", TEXT),
        blocks=_read_list(content, path=fields.at("content"), readers=_DOCUMENT_BLOCKS),
        citations_enabled=_read_citations_enabled(fields),
    )


def _read_thinking(fields: JSONFields) -> Block:
    text = fields.require("thinking", TEXT)
    signature = fields.take("signature", TEXT)
    hidden = not text and bool(signature)
    return ReasoningBlock(
        variant="signature_only" if hidden else "visible",
        parts=[] if hidden else [text],
        opaque=signature,
        origin=_ORIGIN,
    )


def _read_redacted_thinking(fields: JSONFields) -> Block:
    data = fields.require("data", TEXT)
    return ReasoningBlock(variant="redacted", opaque=data, origin=_ORIGIN)


def _read_tool_use(fields: JSONFields) -> Block:
    raw = fields.require("input", RAW)
    return ToolCallBlock(
        id=fields.require("id", TEXT),
        name=fields.require("name", TEXT),
        arguments=read_request(OBJECT, raw, path=fields.at("input")),
        raw_arguments=bytes(raw).decode(),
    )


def _read_tool_result(fields: JSONFields) -> Block:
    return ToolResultBlock(
        call_id=fields.require("tool_use_id", TEXT),
        blocks=read_content(fields, "content", readers=_RESULT_BLOCKS),
        is_error=fields.take("is_error", FLAG),
    )


_ORIGIN = Origin(dialect=DIALECT, vendor=VENDOR)

_DOCUMENT_BLOCKS: BlockReaders = {"text": _read_text, "image": _read_image}
_RESULT_BLOCKS: BlockReaders = {
    **_DOCUMENT_BLOCKS,
    "document": _read_document,
    "search_result": _read_search_result,
}
ANSWER_BLOCKS: BlockReaders = {
    "text": _read_text,
    "thinking": _read_thinking,
    "redacted_thinking": _read_redacted_thinking,
    "tool_use": _read_tool_use,
}
TURN_BLOCKS: BlockReaders = {
    **_RESULT_BLOCKS,
    **ANSWER_BLOCKS,
    "tool_result": _read_tool_result,
}
