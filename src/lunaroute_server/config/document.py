"""Reading a YAML, TOML or JSON file, without giving its content a meaning."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, cast

from msgspec import Struct

from lunaroute_core.errors import ConfigurationError
from lunaroute_core.json_value import JSONObject
from lunaroute_server.config.key_path import KeyPath
from lunaroute_server.config.problem import Problem
from lunaroute_server.config.yaml_document import YamlSyntaxError, load_yaml


class Document(Struct, frozen=True, kw_only=True):
    """A file's content. `lines` has the line of each key, as far as the format tells."""

    name: str
    data: JSONObject
    lines: dict[KeyPath, int] = {}
    problems: tuple[Problem, ...] = ()

    def place(self, path: KeyPath) -> str:
        """`config.yaml:12`, of the key or the nearest one around it."""
        while path not in self.lines:
            if not path:
                return self.name
            path = path[:-1]
        return f"{self.name}:{self.lines[path]}"


def read_document(path: Path) -> Document:
    """
    Raises:
        ConfigurationError: the file cannot be read, or is not what its extension says.
    """
    parse = _PARSERS.get(path.suffix.lower())
    if parse is None:
        known = ", ".join(_PARSERS)
        raise ConfigurationError(f"unknown kind of file; known are {known}", source=str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror or error}", source=str(path)
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError("is not UTF-8 text", source=str(path)) from error
    return parse(text, str(path))


def _yaml(text: str, name: str) -> Document:
    try:
        content = load_yaml(text)
    except YamlSyntaxError as error:
        _refuse(error.reason, name, error.line, error)
    problems = tuple(
        Problem(reason=f'key "{path[-1]}" is here twice', path=path, source=f"{name}:{line}")
        for path, line in content.duplicates
    )
    data = _mapping({} if content.value is None else content.value, name)
    return Document(name=name, data=data, lines=content.lines, problems=problems)


def _toml(text: str, name: str) -> Document:
    try:
        return Document(name=name, data=tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        _refuse(str(error), name, int(found[1]) if found else None, error)


def _json(text: str, name: str) -> Document:
    duplicates: list[Problem] = []

    def from_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = {key for key in keys if keys.count(key) > 1}
            duplicates.extend(
                Problem(reason=f'key "{key}" is here twice', source=name) for key in sorted(twice)
            )
        return made

    try:
        value = json.loads(text, object_pairs_hook=from_pairs, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        _refuse(error.msg, name, error.lineno, error)
    except ValueError as error:
        _refuse(str(error), name, None, error)
    return Document(name=name, data=_mapping(value, name), problems=tuple(duplicates))


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _mapping(value: object, name: str) -> JSONObject:
    if isinstance(value, dict):
        return cast(JSONObject, value)
    raise ConfigurationError("must be a mapping of keys to values", source=name)


def _refuse(reason: str, name: str, line: int | None, error: Exception) -> NoReturn:
    source = name if line is None else f"{name}:{line}"
    raise ConfigurationError(f"syntax error: {reason}", source=source) from error


_PARSERS: dict[str, Callable[[str, str], Document]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": _toml,
    ".json": _json,
}
