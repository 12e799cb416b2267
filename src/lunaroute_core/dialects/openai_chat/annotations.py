"""Citations as Chat's `url_citation` annotations."""

from lunaroute_core.dialects.openai_chat.extensions import DIALECT
from lunaroute_core.json_value import JSONObject, JSONValue
from lunaroute_core.model import Citation


def annotation(citation: Citation, *, base: int, length: int) -> JSONObject | None:
    """An annotation, None for a citation of something that has no URL.

    `base` is where the cited text block begins in the message's concatenated text and
    `length` how long it is, both in characters: a citation without offsets covers it all.
    """
    if citation.url is None:
        return None
    start = 0 if citation.start is None else citation.start
    end = length if citation.end is None else citation.end
    cited: JSONObject = {
        "start_index": base + start,
        "end_index": base + end,
        "title": citation.title or citation.url,
        "url": citation.url,
    }
    return {"type": "url_citation", "url_citation": cited}


def read_annotations(value: JSONValue) -> list[Citation]:
    """The citations of a message; their offsets are into its whole text, in characters."""
    annotations = value if isinstance(value, list) else []
    return [_citation(raw) for raw in annotations if isinstance(raw, dict)]


def _citation(raw: JSONObject) -> Citation:
    inner = raw.get("url_citation")
    cited = inner if isinstance(inner, dict) else {}
    url, title = cited.get("url"), cited.get("title")
    start, end = cited.get("start_index"), cited.get("end_index")
    return Citation(
        dialect=DIALECT,
        raw=raw,
        url=url if isinstance(url, str) else None,
        title=title if isinstance(title, str) else None,
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
    )
