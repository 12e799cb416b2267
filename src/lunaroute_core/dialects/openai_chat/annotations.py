"""Citations as Chat's `url_citation` annotations."""

from lunaroute_core.json_value import JSONObject
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
