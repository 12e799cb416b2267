"""Makes other dialects' content blocks those of Responses.

Responses has parts for texts, images and files; whatever else is to be read becomes text
that says what it is.
"""

import msgspec

from lunaroute_core.dialects.openai_responses.foreign_extensions import (
    note_lost,
    note_lost_of_message,
)
from lunaroute_core.dialects.openai_responses.labelled_text import (
    context_text,
    document_text,
    search_result_text,
)
from lunaroute_core.dialects.openai_responses.name import DIALECT, VENDOR
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
from lunaroute_core.model import (
    AudioBlock,
    Block,
    CompactionBlock,
    DocumentBlock,
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
)

_DEFAULT_FILE_NAME = "document.pdf"
"""OpenAI wants one with a file's data."""


def adapted_blocks(blocks: list[Block], adaptation: Adaptation) -> list[Block]:
    """The blocks that Responses can hold, in order.

    Raises:
        InvalidRequestError: a block is part of what was asked, and Responses has none like it.
    """
    return [it for block in blocks for it in _adapted(block, adaptation)]


def _adapted(block: Block, adaptation: Adaptation) -> list[Block]:
    note_lost(block.extensions, adaptation, prefix=adaptation.in_content("content[]."))
    note_lost_of_message(block.extensions, adaptation)
    match block:
        case TextBlock() | RefusalBlock() | ImageBlock() | ToolCallBlock():
            return [_one(block, adaptation)]
        case DocumentBlock():
            return _document(block, adaptation)
        case SearchResultBlock():
            return _search_result(block, adaptation)
        case ReasoningBlock():
            return _reasoning(block, adaptation)
        case _:
            return _whole(block, adaptation)


def _one(
    block: TextBlock | RefusalBlock | ImageBlock | ToolCallBlock, adaptation: Adaptation
) -> Block:
    match block:
        case TextBlock() | RefusalBlock():
            return _text(block, adaptation)
        case ImageBlock():
            return _image(block, adaptation)
        case ToolCallBlock():
            return _call(block, adaptation)


def _text(block: TextBlock | RefusalBlock, adaptation: Adaptation) -> TextBlock:
    """A refusal is what the assistant said: its part is only for items that OpenAI minted."""
    if isinstance(block, TextBlock) and block.citations:
        param = adaptation.in_content(f"content[].{adaptation.named('citations')}")
        adaptation.translation.dropped(param, "the history holds no citations")
    return TextBlock(text=block.text, cache=block.cache)


def _image(image: ImageBlock, adaptation: Adaptation) -> ImageBlock:
    source = image.source
    if isinstance(source, TextSource):
        adaptation.reject_content("an image cannot be text")
    return ImageBlock(
        source=_own_source(source, adaptation), detail=image.detail or "auto", cache=image.cache
    )


def _own_source(source: Source, adaptation: Adaptation) -> Source:
    if isinstance(source, FileSource) and source.vendor != VENDOR:
        adaptation.reject_content(f"file {source.file_id!r} is in another vendor's store")
    return source


def _document(document: DocumentBlock, adaptation: Adaptation) -> list[Block]:
    if document.citations_enabled:
        param = adaptation.in_content("content[].citations")
        adaptation.translation.dropped(param, "OpenAI cites no documents of a request")
    match document.source:
        case None:
            content = adapted_blocks(document.blocks, adaptation)
        case TextSource(text=text):
            content: list[Block] = [TextBlock(text=text)]
        case source:
            return [*_context(document, adaptation), _file(source, document, adaptation)]
    adaptation.translation.emulated(adaptation.in_content("content[]"), "a document as text")
    return document_text(document, content)


def _file(source: Source, document: DocumentBlock, adaptation: Adaptation) -> DocumentBlock:
    """A file in OpenAI's store has its name there; data must be named, URLs need not be."""
    title = document.title
    if isinstance(source, FileSource):
        if title is not None:
            param = adaptation.in_content(f"content[].{adaptation.named('file_name')}")
            adaptation.translation.dropped(param, "the store has a name for it")
        title = None
    elif isinstance(source, InlineSource):
        title = title or _DEFAULT_FILE_NAME
    return DocumentBlock(source=_own_source(source, adaptation), title=title, cache=document.cache)


def _context(document: DocumentBlock, adaptation: Adaptation) -> list[Block]:
    context = context_text(document)
    if context:
        param = adaptation.in_content("content[].context")
        adaptation.translation.emulated(param, "as text before the file")
    return [*context]


def _search_result(result: SearchResultBlock, adaptation: Adaptation) -> list[Block]:
    adaptation.translation.emulated(adaptation.in_content("content[]"), "a search result as text")
    return search_result_text(result, adapted_blocks(result.blocks, adaptation))


def _call(call: ToolCallBlock, adaptation: Adaptation) -> ToolCallBlock:
    """A call with its arguments as they were written, and never empty where JSON is expected.

    Its item has no id, since OpenAI did not mint one.
    """
    raw = call.raw_arguments
    if call.tool_kind == "function" and not raw.strip():
        raw = "{}"
    return ToolCallBlock(
        id=adaptation.call_id(call.id),
        name=adaptation.names.upstream(call.name),
        tool_kind=call.tool_kind,
        raw_arguments=raw,
        cache=call.cache,
    )


def _reasoning(block: ReasoningBlock, adaptation: Adaptation) -> list[Block]:
    """Reasoning that a Responses model encrypted goes back as it was; no other is understood,
    and what is only readable cannot be found again, since nothing is stored.
    """
    if block.opaque is not None and block.origin is not None and block.origin.dialect == DIALECT:
        kept = {key: it for key, it in block.extensions.items() if key == DIALECT}
        if not block.parts and DIALECT not in kept:
            kept[DIALECT] = {"summary": []}
        return [msgspec.structs.replace(block, extensions=kept, cache=None)]
    param = adaptation.in_content("reasoning")
    adaptation.translation.dropped(param, "reasoning that no Responses model encrypted")
    return []


def _whole(
    block: AudioBlock
    | ToolResultBlock
    | HostedCallBlock
    | HostedResultBlock
    | CompactionBlock
    | OpaqueBlock,
    adaptation: Adaptation,
) -> list[Block]:
    """What another vendor's tools did is told by the text that follows it; whatever else the
    conversation rests on cannot be left out.
    """
    match block:
        case HostedCallBlock() | HostedResultBlock():
            param = adaptation.in_content(block.type)
            adaptation.translation.dropped(param, "what a vendor's own tool did")
        case ToolResultBlock():
            adaptation.reject_content("a tool's result stands where none may")
        case AudioBlock():
            adaptation.reject_content("Responses takes no audio")
        case CompactionBlock():
            adaptation.reject_content("Responses has nothing like 'compaction'")
        case OpaqueBlock():
            adaptation.reject_content(f"Responses has nothing like {block.type!r}")
    return []
