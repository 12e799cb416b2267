"""Changes inside raw JSON bytes, for bodies that must otherwise stay as they are."""

import re
from collections.abc import Iterator

import msgspec

from lunaroute_core.dialects.json_places import STRING, body_members, inside, replaced
from lunaroute_core.json_value import JSONObject, JSONValue

_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")


def replace_top_level(body: bytes, key: str, value: JSONValue) -> bytes:
    """Replace the value of a top-level key that holds a string; every other byte stays.

    `body` must be a valid JSON object that has the key. Linear in the body's length.
    """
    new = msgspec.json.encode(value)
    simple = re.compile(rb'"%b"\s*:\s*(%b)' % (re.escape(key.encode()), STRING), re.DOTALL)
    found = list(_first_two(simple, body))
    # One match can only be the top-level key, unless that one is spelled with escapes.
    if len(found) == 1 and not _ESCAPED_ASCII.search(body):
        start, end = found[0].span(1)
        return body[:start] + new + body[end:]
    places = [place for name, place in body_members(body) if name == key]
    return replaced(body, [(place, new) for place in places if inside(body, place)])


def _first_two(pattern: re.Pattern[bytes], body: bytes) -> Iterator[re.Match[bytes]]:
    for count, match in enumerate(pattern.finditer(body)):
        yield match
        if count:
            return


def merge_over(base: JSONObject, changes: JSONObject) -> JSONObject:
    """`base` with `changes` merged in deeply; objects merge, everything else is replaced."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = merge_over(old, value)
        else:
            merged[key] = value
    return merged
