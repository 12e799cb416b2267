import pytest

from lunaroute_core.dialects.openai_responses.content_parts import read_part, read_parts
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import (
    AudioBlock,
    CacheMark,
    DocumentBlock,
    FileSource,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
    RefusalBlock,
    TextBlock,
    UrlSource,
)


def read(part):
    return read_part(part, usual="input_text", param="input[0].content[0]")


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "input_text", "text": "Hi"}, TextBlock(text="Hi")),
        ({"type": "refusal", "refusal": "No"}, RefusalBlock(text="No")),
        (
            {"type": "input_image", "image_url": "https://x/a.png", "detail": "low"},
            ImageBlock(source=UrlSource(url="https://x/a.png"), detail="low"),
        ),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,aGk="},
            ImageBlock(source=InlineSource(media_type="image/png", data="aGk=")),
        ),
        (
            {"type": "input_image", "file_id": "file-1"},
            ImageBlock(source=FileSource(vendor="openai", file_id="file-1")),
        ),
        (
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,aGk=",
            },
            DocumentBlock(
                source=InlineSource(media_type="application/pdf", data="aGk="), title="a.pdf"
            ),
        ),
        (
            {"type": "input_file", "file_data": "aGk="},
            DocumentBlock(source=InlineSource(media_type="", data="aGk=")),
        ),
        (
            {"type": "input_file", "file_url": "https://x/a.pdf"},
            DocumentBlock(source=UrlSource(url="https://x/a.pdf")),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
            AudioBlock(data="aGk=", format="wav"),
        ),
        (
            {"type": "later", "x": 1},
            OpaqueBlock(dialect="openai_responses", type="later", raw={"type": "later", "x": 1}),
        ),
    ],
)
def test_each_type_has_its_block(part, block):
    assert read(part) == block


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ({"mode": "explicit"}, CacheMark()),
        ({"mode": "explicit", "ttl": "12h"}, CacheMark(ttl="12h")),
        ({"mode": "later"}, None),
        ({"mode": "explicit", "ttl": "99h"}, None),
    ],
)
def test_cache_breakpoints_are_marks_or_kept(mark, expected):
    block = read({"type": "input_text", "text": "x", "prompt_cache_breakpoint": mark})
    assert block.cache == expected
    kept = block.extensions.get("openai_responses", {}).get("prompt_cache_breakpoint")
    assert kept == (None if expected else mark)


def test_annotations_are_citations():
    annotation = {
        "type": "url_citation",
        "url": "https://x",
        "title": "X",
        "start_index": 1,
        "end_index": 2,
    }
    block = read({"type": "output_text", "text": "abc", "annotations": [annotation]})
    (citation,) = block.citations
    assert (citation.url, citation.title, citation.start, citation.end) == ("https://x", "X", 1, 2)
    assert citation.raw == annotation


def test_unknown_fields_and_an_unusual_type_are_kept():
    block = read({"type": "output_text", "text": "x", "logprobs": [], "annotations": []})
    assert block.extensions == {
        "openai_responses": {"type": "output_text", "logprobs": [], "annotations": []}
    }


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({}, "content[1].type"),
        ({"type": 5}, "content[1].type"),
        ({"type": "input_text"}, "content[1].text"),
        ({"type": "input_text", "text": None}, "content[1].text"),
        ({"type": "output_text", "text": "x", "annotations": [5]}, "content[1].annotations[0]"),
        ({"type": "input_image"}, "content[1]"),
        ({"type": "input_image", "image_url": {}}, "content[1].image_url"),
        ({"type": "input_file", "filename": "x"}, "content[1]"),
        ({"type": "input_audio", "input_audio": {"data": 1}}, "content[1].input_audio.data"),
    ],
)
def test_a_malformed_part_is_named(part, param):
    parts = [{"type": "input_text", "text": "x"}, part]
    with pytest.raises(InvalidRequestError) as caught:
        read_parts(parts, usual="input_text", param="content")
    assert caught.value.details.param == param
