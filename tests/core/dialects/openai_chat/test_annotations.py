from openai.types.chat.chat_completion_message import Annotation

from lunaroute_core.dialects.openai_chat.annotations import annotation
from lunaroute_core.model import Citation


def cite(**fields):
    return Citation(dialect="anthropic_messages", raw={}, **fields)


def test_offsets_count_over_the_whole_text():
    written = annotation(cite(url="https://a", title="A", start=1, end=4), base=10, length=6)
    assert written == {
        "type": "url_citation",
        "url_citation": {"start_index": 11, "end_index": 14, "title": "A", "url": "https://a"},
    }
    Annotation.model_validate(written, strict=True)


def test_a_citation_without_offsets_covers_its_block():
    cited = annotation(cite(url="https://a"), base=10, length=6)["url_citation"]
    assert (cited["start_index"], cited["end_index"], cited["title"]) == (10, 16, "https://a")


def test_a_citation_without_a_url_has_no_chat_form():
    assert annotation(cite(title="page 3"), base=0, length=1) is None
