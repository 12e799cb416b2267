"""Changes inside raw JSON bytes, for bodies that must otherwise stay as they are."""

import re
from collections.abc import Iterator

import msgspec

from lunaroute_core.json_value import JSONObject, JSONValue

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)


def replace_top_level(body: bytes, key: str, value: JSONValue) -> bytes:
    """Replace the value of a top-level key that holds a string; every other byte stays.

    `body` must be a valid JSON object that has the key. Linear in the body's length.
    """
    new = msgspec.json.encode(value)
    simple = re.compile(rb'"%b"\s*:\s*("(?:[^"\\]|\\.)*")' % re.escape(key.encode()))
    found = list(_first_two(simple, body))
    if len(found) == 1:
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
            name = msgspec.json.decode(token, type=str)
        elif name == key:
            yield match.span()


def merge_over(base: JSONObject, changes: JSONObject) -> JSONObject:
    """`base` with `changes` merged in deeply; objects merge, everything else is replaced."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            value = merge_over(old, value)
        merged[key] = value
    return merged
