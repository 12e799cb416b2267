import msgspec
import pytest

from lunaroute_core.dialects.anthropic_messages import ANTHROPIC_MESSAGES
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
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
    TextBlock,
    TextSource,
    ToolCallBlock,
    ToolResultBlock,
    UrlSource,
)

NAME = "anthropic_messages"
ORIGIN = Origin(dialect=NAME, vendor="anthropic")


@pytest.fixture(scope="module")
def block(decode):
    """Decodes one block of an assistant's message."""

    def decode_block(**fields):
        [turn] = decode(messages=[{"role": "assistant", "content": [fields]}]).turns
        return turn.blocks[0]

    return decode_block


def test_a_text_keeps_its_citations(block):
    web = {
        "type": "web_search_result_location",
        "url": "https://x",
        "title": "X",
        "cited_text": "x",
        "encrypted_index": "abc",
    }
    page = {
        "type": "page_location",
        "cited_text": "p",
        "document_index": 0,
        "document_title": "Doc",
        "start_page_number": 1,
        "end_page_number": 2,
    }
    assert block(type="text", text="t", citations=[web, page]) == TextBlock(
        text="t",
        citations=[
            Citation(dialect=NAME, raw=web, url="https://x", title="X", cited_text="x"),
            Citation(dialect=NAME, raw=page, title="Doc", cited_text="p"),
        ],
    )


@pytest.mark.parametrize("citations", [None, []])
def test_absent_null_and_empty_citations_differ(block, citations):
    given = block(type="text", text="t", citations=citations)
    assert given == TextBlock(text="t", extensions={NAME: {"citations": citations}})
    assert given != block(type="text", text="t")


@pytest.mark.parametrize(
    ("source", "read"),
    [
        (
            {"type": "base64", "media_type": "image/png", "data": "iVBO=="},
            InlineSource(media_type="image/png", data="iVBO=="),
        ),
        ({"type": "url", "url": "https://x/y.png"}, UrlSource(url="https://x/y.png")),
        ({"type": "file", "file_id": "file_1"}, FileSource(vendor="anthropic", file_id="file_1")),
    ],
)
def test_images_and_documents_have_sources(block, source, read):
    image = block(type="image", source=source, transformations={"oversized_image": "error"})
    assert image == ImageBlock(
        source=read, extensions={NAME: {"transformations": {"oversized_image": "error"}}}
    )
    document = block(
        type="document",
        source={**source, "new": 1},
        title="T",
        context="C",
        citations={"enabled": True, "more": 2},
    )
    assert document == DocumentBlock(
        source=read,
        title="T",
        context="C",
        citations_enabled=True,
        extensions={NAME: {"source": {"new": 1}, "citations": {"more": 2}}},
    )


def test_a_text_document_is_its_text(block):
    source = {"type": "text", "media_type": "text/plain", "data": "words"}
    assert block(type="document", source=source) == DocumentBlock(source=TextSource(text="words"))


def test_a_content_document_holds_blocks_or_a_string(block):
    inner = [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]
    as_list = block(type="document", source={"type": "content", "content": inner})
    assert as_list == DocumentBlock(blocks=[TextBlock(text="a", cache=CacheMark())])
    as_text = block(type="document", source={"type": "content", "content": "a"})
    assert as_text == DocumentBlock(
        blocks=[TextBlock(text="a")],
        extensions={NAME: {"source": {"content": {"form": "string"}}}},
    )


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "image", "source": {"type": "hologram", "data": "x"}},
        {"type": "document", "source": {"type": "hologram", "content": "x"}},
        {"type": "document", "source": {"type": "content", "content": None}},
        {"type": "container_upload", "file_id": "f"},
        {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}},
        {"type": "brand_new", "nested": {"a": [1, None, "x"]}},
    ],
)
def test_what_is_not_known_is_kept_whole(block, raw):
    assert block(**raw) == OpaqueBlock(dialect=NAME, type=raw["type"], raw=raw)


def test_a_search_result_holds_texts(block):
    read = block(
        type="search_result",
        source="https://x",
        title="X",
        content=[{"type": "text", "text": "a"}],
        citations={"enabled": False},
    )
    assert read == SearchResultBlock(
        source="https://x", title="X", blocks=[TextBlock(text="a")], citations_enabled=False
    )


def test_a_call_keeps_the_text_of_its_input():
    raw = '{ "b" : 1.0, "a":"\\u00e9" , "b":2}'
    body = (
        '{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1",'
        '"name":"f","input":' + raw + ',"toolset_name":"browser"}]}]}'
    )
    request = ANTHROPIC_MESSAGES.requests.decode(body.encode())
    assert request.turns[0].blocks == [
        ToolCallBlock(
            id="toolu_1",
            name="f",
            raw_arguments=raw,
            arguments={"b": 2, "a": "é"},
            extensions={NAME: {"toolset_name": "browser"}},
        )
    ]


@pytest.mark.parametrize(
    ("content", "blocks", "left"),
    [
        (..., [], {}),
        (None, [], {"content": None}),
        ([], [], {"content": []}),
        ("", [TextBlock(text="")], {"content": {"form": "string"}}),
        ([{"type": "text", "text": "x"}], [TextBlock(text="x")], {}),
    ],
)
def test_the_forms_of_a_result_can_be_told_apart(block, content, blocks, left):
    fields = {} if content is ... else {"content": content}
    assert block(type="tool_result", tool_use_id="a", **fields) == ToolResultBlock(
        call_id="a", blocks=blocks, extensions={NAME: left} if left else {}
    )


def test_a_result_holds_what_the_vendor_allows_and_keeps_the_rest_whole(block):
    reference = {"type": "tool_reference", "tool_name": "t"}
    nested = {"type": "tool_result", "tool_use_id": "b"}
    image = {"type": "image", "source": {"type": "url", "url": "u"}}
    read = block(type="tool_result", tool_use_id="a", content=[reference, nested, image])
    assert read.blocks == [
        OpaqueBlock(dialect=NAME, type="tool_reference", raw=reference),
        OpaqueBlock(dialect=NAME, type="tool_result", raw=nested),
        ImageBlock(source=UrlSource(url="u")),
    ]


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (
            {"type": "thinking", "thinking": "t", "signature": "s"},
            ReasoningBlock(parts=["t"], opaque="s", origin=ORIGIN),
        ),
        (
            {"type": "thinking", "thinking": "", "signature": "s"},
            ReasoningBlock(variant="signature_only", opaque="s", origin=ORIGIN),
        ),
        ({"type": "thinking", "thinking": "t"}, ReasoningBlock(parts=["t"], origin=ORIGIN)),
        (
            {"type": "redacted_thinking", "data": "d"},
            ReasoningBlock(variant="redacted", opaque="d", origin=ORIGIN),
        ),
    ],
)
def test_thinking_keeps_its_text_and_its_signature_apart(block, raw, read):
    assert block(**raw) == read


def test_the_vendors_own_calls_and_results_are_kept_whole(block):
    call = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "q"}}
    mcp = {"type": "mcp_tool_use", "id": "m_1", "name": "n", "server_name": "s", "input": {}}
    result = {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"a": 1}]}
    compaction = {"type": "compaction", "content": None, "encrypted_content": "e"}
    assert block(**call) == HostedCallBlock(
        dialect=NAME, type="server_tool_use", raw=call, id="srv_1"
    )
    assert block(**mcp) == HostedCallBlock(dialect=NAME, type="mcp_tool_use", raw=mcp, id="m_1")
    assert block(**result) == HostedResultBlock(
        dialect=NAME, type="web_search_tool_result", raw=result, call_id="srv_1"
    )
    assert block(**compaction) == CompactionBlock(dialect=NAME, raw=compaction)


@pytest.mark.parametrize(
    ("control", "mark", "left"),
    [
        ({"type": "ephemeral"}, CacheMark(), {}),
        ({"type": "ephemeral", "ttl": "5m"}, CacheMark(ttl="5m"), {}),
        ({"type": "ephemeral", "ttl": "1h"}, CacheMark(ttl="1h"), {}),
        (
            {"type": "ephemeral", "ttl": "1w"},
            CacheMark(),
            {"cache_control": {"type": "ephemeral", "ttl": "1w"}},
        ),
        (
            {"type": "ephemeral", "ttl": "1h", "scope": "global"},
            CacheMark(ttl="1h"),
            {"cache_control": {"type": "ephemeral", "ttl": "1h", "scope": "global"}},
        ),
        (None, None, {"cache_control": None}),
    ],
)
def test_cache_marks_are_read_and_unknown_forms_kept(block, control, mark, left):
    assert block(type="text", text="t", cache_control=control) == TextBlock(
        text="t", cache=mark, extensions={NAME: left} if left else {}
    )


def test_a_block_kept_whole_has_its_cache_mark_too(block):
    read = block(type="container_upload", file_id="f", cache_control={"type": "ephemeral"})
    assert read.cache == CacheMark()
    assert read.raw["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize(
    ("raw", "param"),
    [
        ({"type": "text"}, "text"),
        ({"type": "text", "text": 1}, "text"),
        ({"type": "text", "text": "t", "citations": ["x"]}, "citations[0]"),
        ({"type": "image"}, "source"),
        ({"type": "image", "source": "x"}, "source"),
        ({"type": "image", "source": {"type": "base64", "data": "x"}}, "source.media_type"),
        ({"type": "document", "source": {"type": "file"}}, "source.file_id"),
        ({"type": "search_result", "title": "x", "source": "x"}, "content"),
        ({"type": "tool_use", "id": "a", "name": "f"}, "input"),
        ({"type": "tool_use", "id": "a", "name": "f", "input": None}, "input"),
        ({"type": "tool_use", "id": "a", "name": "f", "input": "{}"}, "input"),
        ({"type": "tool_use", "name": "f", "input": {}}, "id"),
        ({"type": "tool_result"}, "tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "a", "content": 5}, "content"),
        (
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]},
            "content[0].text",
        ),
        ({"type": "thinking"}, "thinking"),
        ({"type": "redacted_thinking"}, "data"),
        ({"type": "text", "text": "t", "cache_control": 1}, "cache_control"),
    ],
)
def test_an_error_names_the_field_in_its_block(block, raw, param):
    with pytest.raises(InvalidRequestError) as caught:
        block(**raw)
    assert caught.value.details.param == f"messages[0].content[0].{param}"


def test_signatures_and_texts_come_back_byte_for_byte(block):
    signature = "ErUB" + "+/=" * 50
    read = block(type="thinking", thinking="  é\u2028\n", signature=signature)
    assert read.parts == ["  é\u2028\n"]
    assert read.opaque == signature
    assert msgspec.json.decode(msgspec.json.encode(read))["opaque"] == signature
