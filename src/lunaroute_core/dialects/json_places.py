"""Where values stand inside JSON bytes, for changes that leave every other byte as it is.

Everything but `read_body` takes bytes that are known to be valid JSON.
"""

import json
import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from lunaroute_core.dialects.place import Place
from lunaroute_core.dialects.request_json import read_peek

STRING = rb'"(?:[^"\\]++|\\.)*+"'
_SPACE = rb"[ \t\r\n]*+"
_BEGIN = re.compile(_SPACE)
_KEY = re.compile(rb"%b(%b)%b:%b" % (_SPACE, STRING, _SPACE, _SPACE), re.DOTALL)
_SIMPLE = re.compile(rb"%b|[^\s,\]}\[{]++" % STRING, re.DOTALL)
_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|%b)*+([\[\]{}])' % STRING, re.DOTALL)
_NEXT = re.compile(rb"%b,?%b" % (_SPACE, _SPACE))


class _Object(Struct):
    """Any object: reading one checks that the whole body is JSON."""


_OBJECT = msgspec.json.Decoder(_Object)


def read_body(body: bytes) -> dict[str, Place]:
    """The fields of a body, as `fields_at` has them.

    Raises:
        InvalidRequestError: it is no JSON object.
    """
    read_peek(_OBJECT, body)
    return dict(body_members(body))


def body_members(body: bytes) -> Iterator[tuple[str, Place]]:
    """The keys and values of a body in order."""
    return members_at(body, Place(_after(_BEGIN, body, 0), len(body)))


def fields_at(body: bytes, place: Place | None) -> dict[str, Place]:
    """The values of an object by key, of a repeated key the last; none where there is no object."""
    return {} if place is None else dict(members_at(body, place))


def members_at(body: bytes, place: Place) -> Iterator[tuple[str, Place]]:
    """The keys and values of an object in order; none where there is no object."""
    if not body.startswith(b"{", place.start):
        return
    at = _after(_BEGIN, body, place.start + 1)
    while not body.startswith(b"}", at):
        key = _KEY.match(body, at)
        if key is None:
            raise ValueError("not valid JSON")
        value = _value_at(body, key.end())
        yield _text(key[1]), value
        at = _after(_NEXT, body, value.end)


def elements_at(body: bytes, place: Place | None) -> Iterator[Place]:
    """The elements of an array in order; none where there is no array."""
    if place is None or not body.startswith(b"[", place.start):
        return
    at = _after(_BEGIN, body, place.start + 1)
    while not body.startswith(b"]", at):
        value = _value_at(body, at)
        yield value
        at = _after(_NEXT, body, value.end)


def inside(body: bytes, place: Place | None) -> Place | None:
    """What stands between a string's quotes; None where there is no string."""
    if place is None or not body.startswith(b'"', place.start):
        return None
    return Place(place.start + 1, place.end - 1)


def text_at(body: bytes, place: Place | None) -> str | None:
    """A string's value; None where there is no string."""
    if place is None or not body.startswith(b'"', place.start):
        return None
    return _text(body[place.start : place.end])


def unescaped(text: bytes) -> str:
    """What stands between a string's quotes, read."""
    return _text(b'"%b"' % text)


def replaced(body: bytes, changes: Iterable[tuple[Place, bytes]]) -> bytes:
    """The body with other bytes at some places, which come in order and do not overlap."""
    pieces: list[bytes] = []
    at = 0
    for place, new in changes:
        pieces += (body[at : place.start], new)
        at = place.end
    return b"".join([*pieces, body[at:]])


def _value_at(body: bytes, start: int) -> Place:
    if not body.startswith((b"{", b"["), start):
        return Place(start, _after(_SIMPLE, body, start))
    depth, end = 0, start
    while True:
        end = _after(_BRACKET, body, end)
        depth += 1 if body[end - 1] in b"[{" else -1
        if not depth:
            return Place(start, end)


def _after(pattern: re.Pattern[bytes], body: bytes, at: int) -> int:
    found = pattern.match(body, at)
    if found is None:
        raise ValueError("not valid JSON")
    return found.end()


def _text(token: bytes) -> str:
    if b"\\" in token:
        # Unlike msgspec, this reads half a surrogate pair too, which JSON allows.
        return json.loads(token.decode(errors="replace"))
    return token[1:-1].decode(errors="replace")
