"""Where the texts of a conversation stand in a request's body."""

from collections.abc import Iterator

from lunaroute_core.dialects.json_places import (
    Place,
    elements_at,
    fields_at,
    inside,
    text_at,
)
from lunaroute_core.errors import InvalidRequestError


def messages_at(body: bytes, place: Place | None, *, param: str) -> list[Place]:
    """The messages of an array; none where there is null, or nothing.

    Raises:
        InvalidRequestError: there is something else, which is named as `param`.
    """
    if place is not None and body[place.start] not in b"[n":
        raise InvalidRequestError(f"{param}: must be an array", param=param)
    return list(elements_at(body, place))


def content_texts(body: bytes, content: Place | None, *, kind: str) -> tuple[Place, ...]:
    """The insides of a content's texts: of its string, or of its parts of one type."""
    whole = inside(body, content)
    return tuple(_part_texts(body, content, kind)) if whole is None else (whole,)


def part_kinds(body: bytes, content: Place | None) -> Iterator[str | None]:
    """The types of a content's parts; none where it is a string."""
    for part in elements_at(body, content):
        yield text_at(body, fields_at(body, part).get("type"))


def _part_texts(body: bytes, content: Place | None, kind: str) -> Iterator[Place]:
    for part in elements_at(body, content):
        fields = fields_at(body, part)
        text = inside(body, fields.get("text"))
        if text is not None and text_at(body, fields.get("type")) == kind:
            yield text
