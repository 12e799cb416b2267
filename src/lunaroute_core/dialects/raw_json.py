"""Changes inside raw JSON bytes, for bodies that must otherwise stay as they are."""

import re
from collections.abc import Iterator

import msgspec

from lunaroute_core.json_value import JSONObject, JSONValue

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_TOKEN = re.compile(_STRING + rb"|[{}\[\]:,]", re.DOTALL)
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")


def replace_top_level(body: bytes, key: str, value: JSONValue) -> bytes:
    """Replace the value of a top-level key that holds a string; every other byte stays.

    `body` must be a valid JSON object that has the key. Linear in the body's length.
    """
    new = msgspec.json.encode(value)
    simple = re.compile(rb'"%b"\s*:\s*(%b)' % (re.escape(key.encode()), _STRING), re.DOTALL)
    found = list(_first_two(simple, body))
    # One match can only be the top-level key, unless that one is spelled with escapes.
    if len(found) == 1 and not _ESCAPED_ASCII.search(body):
        start, end = found[0].span(1)
        return body[:start] + new + body[end:]
    spans = list(_top_level_strings(body, key))
    for start, end in reversed(spans):
        body = body[:start] + new + body[end:]
    return body


def _first_two(pattern: re.Pattern[bytes], body: bytes) -> Iterator[re.Match[bytes]]:
    for count, match in enumerate(pattern.finditer(body)):
        yield match
        if count:
            return


def _top_level_strings(body: bytes, key: str) -> Iterator[tuple[int, int]]:
    """Where the string values of a top-level key stand, read token by token."""
    depth = 0
    in_key = False
    name: str | None = None
    for match in _TOKEN.finditer(body):
        token = match.group()
        if token in (b"{", b"["):
            depth += 1
            in_key = depth == 1
        elif token in (b"}", b"]"):
            depth -= 1
        elif depth != 1:
            continue
        elif token == b",":
            in_key = True
        elif token == b":":
            in_key = False
        elif in_key:
            name = _key_of(token)
        elif name == key:
            yield match.span()


def _key_of(token: bytes) -> str | None:
    """A key, None if it is no valid Unicode: readers that skip it never looked inside."""
    try:
        return msgspec.json.decode(token, type=str)
    except ValueError:
        return None


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
