"""Makes other dialects' content blocks Anthropic's."""

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from lunaroute_core.dialects.anthropic_messages.adaptation import Adaptation
from lunaroute_core.dialects.anthropic_messages.foreign_extensions import note_lost_of_block
from lunaroute_core.dialects.anthropic_messages.name import DIALECT, VENDOR
from lunaroute_core.json_value import JSONObject
from lunaroute_core.model import (
    AudioBlock,
    Block,
    CompactionBlock,
    DocumentBlock,
    Extensions,
    FileSource,
    HostedCallBlock,
    HostedResultBlock,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
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

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_PDF = "application/pdf"
_PDF_START = "JVBERi"
"""`%PDF-` in base64, for data whose media type nobody said."""
_TEXTS = frozenset(
    {"application/json", "application/xml", "application/x-yaml", "application/yaml"}
)
_OWN_OBJECT = msgspec.json.Decoder(JSONObject)


def adapted_blocks(blocks: list[Block], adaptation: Adaptation) -> list[Block]:
    """The blocks that Anthropic can hold, in order; empty texts, which it refuses, are none.

    Raises:
        InvalidRequestError: a block is part of what was asked, and Anthropic has none like it.
    """
    adapted: list[Block] = []
    for block in blocks:
        if block.extensions:
            note_lost_of_block(block.extensions, adaptation)
        if block.cache is not None:
            adaptation.marks_caches = True
        adapter = _ADAPTERS.get(type(block), _whole)
        if (own := adapter(block, adaptation)) is not None:
            adapted.append(own)
    return adapted


def own_reasoning(block: ReasoningBlock, adaptation: Adaptation) -> ReasoningBlock | None:
    """Reasoning that Anthropic signed, exactly as it was; no other is understood there."""
    origin = block.origin
    ours = block.opaque is not None and (origin is None or origin.dialect == DIALECT)
    if ours:
        return msgspec.structs.replace(block, extensions=_own_extensions(block))
    message = "reasoning that Anthropic did not sign cannot be sent to it"
    adaptation.translation.dropped(f"{adaptation.named('turns')}[].reasoning", message)
    return None


def _own_extensions(block: Block) -> dict[str, JSONObject]:
    return {DIALECT: block.extensions[DIALECT]} if DIALECT in block.extensions else {}


def _text(block: TextBlock | RefusalBlock, adaptation: Adaptation) -> TextBlock | None:
    if isinstance(block, TextBlock) and block.citations:
        param = f"{adaptation.named('turns')}[].content[].{adaptation.named('citations')}"
        message = "Anthropic's citations hold an index that only Anthropic can write"
        adaptation.translation.dropped(param, message)
    if not block.text.strip():
        if block.text:
            message = "a text of nothing but white space, which Anthropic refuses"
            adaptation.translation.dropped(f"{adaptation.named('turns')}[].content", message)
        return None
    return TextBlock(text=block.text, cache=block.cache)


def _search_result(result: SearchResultBlock, adaptation: Adaptation) -> SearchResultBlock:
    blocks = adapted_blocks(result.blocks, adaptation)
    return msgspec.structs.replace(result, blocks=blocks, extensions={})


def _image(image: ImageBlock, adaptation: Adaptation) -> ImageBlock:
    if image.detail not in (None, "auto"):
        message = "Anthropic decides the resolution itself"
        param = f"{adaptation.named('turns')}[].content[].{adaptation.named('detail')}"
        adaptation.translation.dropped(param, message)
    source = image.source
    if isinstance(source, InlineSource) and source.media_type not in _IMAGES:
        adaptation.reject("turns", f"Anthropic takes no images of type {source.media_type!r}")
    return ImageBlock(source=_source(source, adaptation), cache=image.cache)


def _document(document: DocumentBlock, adaptation: Adaptation) -> DocumentBlock:
    source = document.source
    if isinstance(source, InlineSource):
        source = _file(source, adaptation)
    elif source is not None:
        source = _source(source, adaptation)
    return DocumentBlock(
        source=source,
        blocks=adapted_blocks(document.blocks, adaptation),
        title=document.title,
        context=document.context,
        citations_enabled=document.citations_enabled,
        cache=document.cache,
    )


def _file(source: InlineSource, adaptation: Adaptation) -> Source:
    """A PDF as it is, a text as a text document."""
    media_type = source.media_type.partition(";")[0]
    if media_type == _PDF or (not media_type and source.data.startswith(_PDF_START)):
        return InlineSource(media_type=_PDF, data=source.data)
    if not media_type.startswith("text/") and media_type not in _TEXTS:
        message = f"Anthropic takes no files of type {media_type or 'unknown'!r}"
        adaptation.reject("turns", message)
    try:
        text = b64decode(source.data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        adaptation.reject("turns", "a text file's data is not base64 of UTF-8")
    return TextSource(text=text)


def _source(source: Source, adaptation: Adaptation) -> Source:
    if isinstance(source, FileSource) and source.vendor != VENDOR:
        adaptation.reject("turns", f"file {source.file_id!r} is in another vendor's store")
    if isinstance(source, UrlSource) and source.url.startswith("data:"):
        adaptation.reject("turns", "a data URL must be base64 with a media type")
    return source


def _call(call: ToolCallBlock, adaptation: Adaptation) -> ToolCallBlock:
    arguments = call.arguments
    if call.tool_kind == "custom":
        arguments = UNSET
    elif not isinstance(arguments, dict):
        arguments = _parsed(call, adaptation)
    return ToolCallBlock(
        id=adaptation.call_id(call.id),
        name=adaptation.names.upstream(call.name),
        raw_arguments=call.raw_arguments,
        arguments=arguments,
        tool_kind=call.tool_kind,
        cache=call.cache,
    )


def _parsed(call: ToolCallBlock, adaptation: Adaptation) -> JSONObject | msgspec.UnsetType:
    """A function's arguments; UNSET, which writing has a form for, where they are no object."""
    if not call.raw_arguments.strip():
        return UNSET
    try:
        return _OWN_OBJECT.decode(call.raw_arguments)
    except (ValueError, RecursionError):
        message = "what is no JSON object is sent under `_raw_arguments`"
        param = f"{adaptation.named('turns')}[].arguments"
        adaptation.translation.emulated(param, message)
        return UNSET


def _result(result: ToolResultBlock, adaptation: Adaptation) -> ToolResultBlock:
    failed = result.is_error or (bool(result.extensions) and _is_error(result.extensions))
    return ToolResultBlock(
        call_id=adaptation.call_id(result.call_id),
        blocks=adapted_blocks(result.blocks, adaptation),
        is_error=failed or None,
        cache=result.cache,
    )


def _is_error(extensions: Extensions) -> bool:
    """Whether a field of that name says so, which some clients add to messages."""
    return True in [fields.get("is_error") for fields in extensions.values()]


def _whole(
    block: HostedCallBlock | HostedResultBlock | CompactionBlock | OpaqueBlock | AudioBlock,
    adaptation: Adaptation,
) -> Block | None:
    """Anthropic's own blocks as they are. What another vendor's tools did is told by the
    text that follows it; results that answer a hosted tool, and whatever else the
    conversation rests on, cannot be left out. A message without content says nothing.
    """
    if isinstance(block, AudioBlock):
        adaptation.reject("turns", "Claude takes no audio")
    if block.dialect == DIALECT:
        return block
    if isinstance(block, OpaqueBlock) and block.type == "message":
        return None
    if not isinstance(block, HostedCallBlock):
        kind = "compaction" if isinstance(block, CompactionBlock) else block.type
        adaptation.reject("turns", f"Anthropic has nothing like {kind!r}")
    param = f"{adaptation.named('turns')}[].{block.type}"
    adaptation.translation.dropped(param, "a call of another vendor's own tool")
    return None


_ADAPTERS: Mapping[type[Block], Callable[[Any, Adaptation], Block | None]] = {
    TextBlock: _text,
    RefusalBlock: _text,
    ImageBlock: _image,
    DocumentBlock: _document,
    SearchResultBlock: _search_result,
    ToolCallBlock: _call,
    ToolResultBlock: _result,
    ReasoningBlock: own_reasoning,
}
