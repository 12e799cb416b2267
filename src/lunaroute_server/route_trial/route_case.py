"""Requests with what is expected of their routes, as a file has them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from lunaroute_core import ConfigurationError
from lunaroute_core.json_value import JSONValue
from lunaroute_server.config.key_path import KeyPath, format_path
from lunaroute_server.config.problem import Problem, raise_problems
from lunaroute_server.config.reader import Reader
from lunaroute_server.config.yaml_document import YamlSyntaxError, load_yaml
from lunaroute_server.route_trial.described_request import DescribedRequest


class Expectation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must come out; what is not said does not matter."""

    route: str | None = None
    """The route's name."""
    provider: str | None = None
    """Who is asked first."""
    model: str | None = None
    """What is asked for there."""
    order: tuple[str, ...] | None = None
    """All that are asked, one after the other, if each one fails: `provider` or
    `provider/model` each."""


class RouteCase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request, and what is expected."""

    name: str
    """How the case is called."""
    request: DescribedRequest
    """The request."""
    expect: Expectation
    """What must come out."""
    down: tuple[str, ...] = ()
    """Providers that are taken not to be there."""


def read_cases(path: Path) -> tuple[RouteCase, ...]:
    """The cases in a YAML or JSON file.

    Raises:
        ConfigurationError: it cannot be read, or is not a list of cases; several mistakes come
            as one `InvalidConfigurationError`.
    """
    value, lines = _content(path)

    def place(where: KeyPath) -> str:
        while where and where not in lines:
            where = where[:-1]
        return f"{path}:{lines[where]}" if where in lines else str(path)

    if not isinstance(value, list) or not value:
        raise ConfigurationError("must be a list of cases", source=str(path))
    reader = Reader(environment={}, place=place, expands=False)
    items = cast("list[JSONValue]", value)
    data = [_case(item, reader, (position,)) for position, item in enumerate(items)]
    raise_problems(reader.problems, source=str(path))
    cases = msgspec.convert(data, tuple[RouteCase, ...])
    raise_problems(list(_empty(cases, path)), source=str(path))
    return cases


def _case(item: JSONValue, reader: Reader, path: KeyPath) -> JSONValue:
    if isinstance(item, dict):
        return reader.section(item, RouteCase, path)
    reader.problems.append(
        Problem(reason="must be a mapping of keys to values", path=path, source=reader.place(path))
    )
    return item


def _empty(cases: tuple[RouteCase, ...], path: Path) -> Iterator[Problem]:
    """A case that expects nothing cannot fail, and so is a mistake."""
    for position, case in enumerate(cases):
        if case.expect == Expectation():
            yield Problem(reason="expects nothing", path=(position, "expect"), source=str(path))


def _content(path: Path) -> tuple[object, dict[KeyPath, int]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", source=str(path)) from error
    try:
        if path.suffix.lower() == ".json":
            return json.loads(text), {}
        content = load_yaml(text)
    except json.JSONDecodeError as error:
        source = f"{path}:{error.lineno}"
        raise ConfigurationError(f"syntax error: {error.msg}", source=source) from error
    except YamlSyntaxError as error:
        source = str(path) if error.line is None else f"{path}:{error.line}"
        raise ConfigurationError(f"syntax error: {error.reason}", source=source) from error
    twice = [
        Problem(reason=f"{format_path(where)}: is here twice", source=f"{path}:{line}")
        for where, line in content.duplicates
    ]
    raise_problems(twice, source=str(path))
    return content.value, content.lines
