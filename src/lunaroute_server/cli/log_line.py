"""A line of a JSON log, for people."""

import sys
from typing import Any

import msgspec

from lunaroute_server.logging_setup import console_renderer


def readable(line: str) -> str:
    """`line` as the console form has it; what is no JSON object stays as it is."""
    try:
        event: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return line
    event.setdefault("event", "")
    rendered = console_renderer(colors=sys.stdout.isatty())(None, "", event)
    return str(rendered)
