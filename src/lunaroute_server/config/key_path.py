"""Where in a configuration a value stands."""

import re
from collections.abc import Iterator
from typing import TypeAlias

from lunaroute_core.json_value import JSONObject, JSONValue

KeyPath: TypeAlias = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def format_path(path: KeyPath) -> str:
    """`providers.azure.models."gpt-4.1"`, `request_body.prepend_messages[0].role`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if _PLAIN.fullmatch(part) else f'."{part}"'
    return text.removeprefix(".")


def leaves(value: JSONObject, path: KeyPath = ()) -> Iterator[tuple[KeyPath, JSONValue]]:
    """Each setting with its path. Lists and empty objects are settings of their own."""
    for key, item in value.items():
        here = (*path, key)
        if isinstance(item, dict) and item:
            yield from leaves(item, here)
        else:
            yield here, item


def put(data: JSONObject, path: KeyPath, value: JSONValue) -> None:
    """Sets a value, making the objects on the way to it. `path` has no list positions."""
    *parents, last = (str(part) for part in path)
    for part in parents:
        child = data.setdefault(part, {})
        if not isinstance(child, dict):  # refused where it was read; the rest is still checked
            return
        data = child
    data[last] = value
