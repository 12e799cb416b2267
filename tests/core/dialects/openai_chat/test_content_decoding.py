import pytest

from lunaroute_core.model import (
    AudioBlock,
    CacheMark,
    DocumentBlock,
    FileSource,
    ImageBlock,
    InlineSource,
    OpaqueBlock,
    TextBlock,
    UrlSource,
)


@pytest.fixture
def block(decode):
    """The block that one content part becomes."""

    def run(**part):
        (turn,) = decode(messages=[{"role": "user", "content": [part]}]).turns
        return turn.blocks[0]

    return run


def test_text(block):
    assert block(type="text", text="a") == TextBlock(text="a")


def test_an_image_by_url(block):
    image = block(type="image_url", image_url={"url": "https://a/b.png", "detail": "original"})
    assert image == ImageBlock(source=UrlSource(url="https://a/b.png"), detail="original")


def test_an_image_inside_the_request(block):
    image = block(type="image_url", image_url={"url": "data:image/png;base64,iVBOR+/="})
    assert image == ImageBlock(source=InlineSource(media_type="image/png", data="iVBOR+/="))


def test_parameters_of_a_data_url_stay_with_its_type(block):
    image = block(type="image_url", image_url={"url": "data:image/png;name=a;base64,AA"})
    assert image.source == InlineSource(media_type="image/png;name=a", data="AA")


@pytest.mark.parametrize(
    "url",
    [
        "data:text/plain,hello",
        "data:,a;base64,b",
        "data:;base64,AA",
        "DATA:image/png;base64,A",
        "data:",
    ],
)
def test_a_url_that_would_not_come_out_the_same_stays_a_url(block, url):
    assert block(type="image_url", image_url={"url": url}).source == UrlSource(url=url)


def test_audio(block):
    audio = block(type="input_audio", input_audio={"data": "AA", "format": "wav"})
    assert audio == AudioBlock(data="AA", format="wav")


def test_a_file_inside_the_request(block):
    document = block(
        type="file", file={"file_data": "data:text/csv;base64,AA", "filename": "a.csv"}
    )
    assert document == DocumentBlock(
        source=InlineSource(media_type="text/csv", data="AA"), title="a.csv"
    )


def test_bare_base64_is_taken_for_a_pdf_and_known_to_have_been_bare(block, own):
    document = block(type="file", file={"file_data": "JVBERi0"})
    assert document.source == InlineSource(media_type="application/pdf", data="JVBERi0")
    assert own(document) == {"$form": {"data": "base64"}}


def test_an_uploaded_file(block):
    document = block(type="file", file={"file_id": "file-1"})
    assert document.source == FileSource(vendor="openai", file_id="file-1")


def test_an_id_beside_data_is_kept(block, own):
    document = block(type="file", file={"file_data": "data:a/b;base64,AA", "file_id": "file-1"})
    assert own(document) == {"file": {"file_id": "file-1"}}


@pytest.mark.parametrize(
    ("wire", "mark"),
    [
        ({"mode": "explicit"}, CacheMark()),
        ({"mode": "explicit", "ttl": "30m"}, CacheMark(ttl="30m")),
        ({"mode": "explicit", "ttl": "12h"}, CacheMark(ttl="12h")),
    ],
)
def test_a_cache_breakpoint_is_a_mark_on_every_kind(block, wire, mark):
    for part in (
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "u"}},
        {"type": "input_audio", "input_audio": {"data": "A", "format": "mp3"}},
        {"type": "file", "file": {"file_id": "f"}},
    ):
        marked = block(**part, prompt_cache_breakpoint=wire)
        assert (marked.cache, marked.extensions) == (mark, {})


@pytest.mark.parametrize(
    "wire", [{"mode": "explicit", "ttl": "9d"}, {"mode": "new"}, {"mode": "explicit", "x": 1}]
)
def test_a_breakpoint_of_an_unknown_form_is_kept_as_it_is(block, own, wire):
    marked = block(type="text", text="a", prompt_cache_breakpoint=wire)
    assert marked.cache is None
    assert own(marked) == {"prompt_cache_breakpoint": wire}


def test_unknown_fields_stay_at_their_depth(block, own):
    image = block(type="image_url", image_url={"url": "u", "new": 1}, other=2, none=None)
    assert own(image) == {"other": 2, "none": None, "image_url": {"new": 1}}


def test_a_part_of_an_unknown_type_is_kept_whole(block):
    part = {
        "type": "video_url",
        "video_url": {"url": "u"},
        "prompt_cache_breakpoint": {"mode": "explicit"},
    }
    assert block(**part) == OpaqueBlock(dialect="openai_chat", type="video_url", raw=part)
