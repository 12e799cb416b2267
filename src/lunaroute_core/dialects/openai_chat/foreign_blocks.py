"""Makes other dialects' content blocks Chat's.

Chat has parts for texts, images, audio and files; whatever else is to be read becomes text
that says what it is.
"""

import msgspec

from lunaroute_core.dialects.free_form_tools import free_text_arguments
from lunaroute_core.dialects.openai_chat.extensions import DIALECT, FORM
from lunaroute_core.dialects.openai_chat.foreign_extensions import (
    note_lost,
    note_lost_of_message,
)
from lunaroute_core.dialects.openai_vendor.adaptation import Adaptation
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

_VENDOR = "openai"
_DEFAULT_FILE_NAME = "document.pdf"
"""OpenAI wants one with a file's data."""


def adapted_blocks(blocks: list[Block], adaptation: Adaptation) -> list[Block]:
    """The blocks that Chat can hold, in order.

    Raises:
        InvalidRequestError: a block is part of what was asked, and Chat has none like it.
    """
    return [it for block in blocks for it in _adapted(block, adaptation)]


def _adapted(block: Block, adaptation: Adaptation) -> list[Block]:
    note_lost(block.extensions, adaptation, prefix=adaptation.in_content("content[]."))
    note_lost_of_message(block.extensions, adaptation)
    match block:
        case TextBlock() | RefusalBlock() | ImageBlock() | AudioBlock() | ToolCallBlock():
            return [_part(block, adaptation)]
        case DocumentBlock():
            return _document(block, adaptation)
        case SearchResultBlock():
            return _search_result(block, adaptation)
        case ReasoningBlock():
            return _reasoning(block, adaptation)
        case _:
            return _whole(block, adaptation)


def _part(
    block: TextBlock | RefusalBlock | ImageBlock | AudioBlock | ToolCallBlock,
    adaptation: Adaptation,
) -> Block:
    match block:
        case TextBlock():
            return _text(block, adaptation)
        case RefusalBlock():
            return RefusalBlock(text=block.text)
        case ImageBlock():
            return _image(block, adaptation)
        case AudioBlock():
            return AudioBlock(data=block.data, format=block.format, cache=block.cache)
        case ToolCallBlock():
            return _call(block, adaptation)


def _text(block: TextBlock, adaptation: Adaptation) -> TextBlock:
    if block.citations:
        param = adaptation.in_content(f"content[].{adaptation.named('citations')}")
        adaptation.translation.dropped(param, "Chat's history holds no citations")
    return TextBlock(text=block.text, cache=block.cache)


def _image(image: ImageBlock, adaptation: Adaptation) -> ImageBlock:
    if isinstance(image.source, FileSource | TextSource):
        adaptation.reject_content("Chat takes images as URLs and as data, not from a file store")
    return ImageBlock(source=image.source, detail=image.detail, cache=image.cache)


def _document(document: DocumentBlock, adaptation: Adaptation) -> list[Block]:
    if document.citations_enabled:
        param = adaptation.in_content("content[].citations")
        adaptation.translation.dropped(param, "Chat cites no documents")
    match document.source:
        case None:
            content = adapted_blocks(document.blocks, adaptation)
            return _labelled_document(content, document, adaptation)
        case TextSource(text=text):
            return _labelled_document([TextBlock(text=text)], document, adaptation)
        case source:
            file = _file(source, document, adaptation)
            return [*_context(document, adaptation), file]


def _file(source: Source, document: DocumentBlock, adaptation: Adaptation) -> DocumentBlock:
    if isinstance(source, UrlSource):
        adaptation.reject_content("Chat takes no documents by URL, and they are not fetched here")
    if isinstance(source, FileSource):
        if source.vendor != _VENDOR:
            adaptation.reject_content(f"file {source.file_id!r} is in another vendor's store")
        if document.title is not None:
            param = adaptation.in_content(f"content[].{adaptation.named('file_name')}")
            adaptation.translation.dropped(param, "the store has a name for it")
        return DocumentBlock(source=source, cache=document.cache)
    bare = isinstance(source, InlineSource) and not source.media_type
    extensions: Extensions = {DIALECT: {FORM: {"data": "base64"}}} if bare else {}
    return DocumentBlock(
        source=source,
        title=document.title or _DEFAULT_FILE_NAME,
        cache=document.cache,
        extensions=extensions,
    )


def _context(document: DocumentBlock, adaptation: Adaptation) -> list[Block]:
    """What was said of a file beside it, as text before it."""
    if not document.context:
        return []
    param = adaptation.in_content("content[].context")
    adaptation.translation.emulated(param, "as text before the file")
    return [TextBlock(text=f"<context>\n{document.context}\n</context>")]


def _labelled_document(
    content: list[Block], document: DocumentBlock, adaptation: Adaptation
) -> list[Block]:
    adaptation.translation.emulated(adaptation.in_content("content[]"), "a document as text")
    title = f" title={_quoted(document.title)}" if document.title else ""
    context = f"<context>\n{document.context}\n</context>\n" if document.context else ""
    return _labelled(content, f"<document{title}>\n{context}", "\n</document>", document)


def _search_result(result: SearchResultBlock, adaptation: Adaptation) -> list[Block]:
    adaptation.translation.emulated(adaptation.in_content("content[]"), "a search result as text")
    start = f"<search_result source={_quoted(result.source)} title={_quoted(result.title)}>\n"
    content = adapted_blocks(result.blocks, adaptation)
    return _labelled(content, start, "\n</search_result>", result)


def _labelled(
    content: list[Block], start: str, end: str, whole: DocumentBlock | SearchResultBlock
) -> list[Block]:
    """Content between two lines that say what it is: one text, if that is all there is."""
    if all(isinstance(it, TextBlock) for it in content):
        text = "\n".join(it.text for it in content if isinstance(it, TextBlock))
        return [TextBlock(text=f"{start}{text}{end}", cache=whole.cache)]
    return [TextBlock(text=start), *content, TextBlock(text=end, cache=whole.cache)]


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _call(call: ToolCallBlock, adaptation: Adaptation) -> ToolCallBlock:
    """A call with its arguments as they were written, and never empty where JSON is expected."""
    kind, raw = call.tool_kind, call.raw_arguments
    if kind == "custom" and not adaptation.capabilities.first_party:
        kind, raw = "function", free_text_arguments(call)
    if kind == "function" and not raw.strip():
        raw = "{}"
    return ToolCallBlock(
        id=adaptation.call_id(call.id),
        name=adaptation.names.upstream(call.name),
        tool_kind=kind,
        raw_arguments=raw,
    )


def _reasoning(block: ReasoningBlock, adaptation: Adaptation) -> list[Block]:
    """Reasoning that a Chat server wrote goes back to it; no other is understood there."""
    if block.origin is not None and block.origin.dialect == DIALECT:
        kept = {key: it for key, it in block.extensions.items() if key == DIALECT}
        return [msgspec.structs.replace(block, extensions=kept, origin=None)]
    param = adaptation.in_content("reasoning")
    adaptation.translation.dropped(param, "reasoning of another dialect's model")
    return []


def _whole(
    block: ToolResultBlock | HostedCallBlock | HostedResultBlock | CompactionBlock | OpaqueBlock,
    adaptation: Adaptation,
) -> list[Block]:
    """What another vendor's tools did is told by the text that follows it; whatever else the
    conversation rests on cannot be left out. A message without content says nothing.
    """
    if isinstance(block, HostedCallBlock | HostedResultBlock):
        param = adaptation.in_content(block.type)
        adaptation.translation.dropped(param, "what a vendor's own tool did")
    elif isinstance(block, ToolResultBlock):
        adaptation.reject_content("a tool's result stands where none may")
    elif isinstance(block, CompactionBlock) or block.type != "message":
        kind = "compaction" if isinstance(block, CompactionBlock) else block.type
        adaptation.reject_content(f"Chat has nothing like {kind!r}")
    return []
