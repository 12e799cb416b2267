"""What Responses has no part for, as text that says what it is."""

import msgspec

from lunaroute_core.model import Block, CacheMark, DocumentBlock, SearchResultBlock, TextBlock


def document_text(document: DocumentBlock, content: list[Block]) -> list[Block]:
    """A document whose content is text, or text and images."""
    title = f" title={_quoted(document.title)}" if document.title else ""
    context = "".join(f"{block.text}\n" for block in context_text(document))
    start = f"<document{title}>\n{context}"
    return _labelled(content, start, "\n</document>", cache=document.cache)


def search_result_text(result: SearchResultBlock, content: list[Block]) -> list[Block]:
    """A search result that a client found itself."""
    start = f"<search_result source={_quoted(result.source)} title={_quoted(result.title)}>\n"
    return _labelled(content, start, "\n</search_result>", cache=result.cache)


def context_text(document: DocumentBlock) -> list[TextBlock]:
    """What was said of a document beside it."""
    if not document.context:
        return []
    return [TextBlock(text=f"<context>\n{document.context}\n</context>")]


def _labelled(
    content: list[Block], start: str, end: str, *, cache: CacheMark | None
) -> list[Block]:
    """Content between two lines that say what it is: one text, if that is all there is."""
    texts = [block.text for block in content if isinstance(block, TextBlock)]
    if len(texts) == len(content):
        text = "\n".join(texts)
        return [TextBlock(text=f"{start}{text}{end}", cache=cache)]
    return [TextBlock(text=start), *content, TextBlock(text=end, cache=cache)]


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
