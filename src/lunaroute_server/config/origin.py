"""Where a setting's value comes from."""

from typing import Literal

from msgspec import Struct

from lunaroute_core.json_value import JSONValue
from lunaroute_server.config.key_path import KeyPath


class Origin(Struct, frozen=True, kw_only=True):
    """`name` is the file with its line, the variable, or the argument; empty for defaults."""

    kind: Literal["default", "file", "environment", "argument"] = "default"
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


class Setting(Struct, frozen=True, kw_only=True):
    """One value given outside the file."""

    path: KeyPath
    value: JSONValue
    origin: Origin
