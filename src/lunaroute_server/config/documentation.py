"""The documentation of the model's keys, read from the model's own source."""

import ast
import inspect
import re
from itertools import pairwise
from textwrap import dedent

from msgspec import Struct

from lunaroute_server.config.annotations import field_types, struct_in

_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n        .+)*)", re.MULTILINE)


def field_documentation(section: type[Struct]) -> dict[str, str]:
    """Each key's text: the string beneath the field, its entry under `Attributes:`, or what the
    section is about that it is.
    """
    inner = {name: struct_in(kind) for name, kind in field_types(section).items()}
    found = {name: section_documentation(one) for name, one in inner.items() if one}
    return {**found, **_own_documentation(section)}


def _own_documentation(section: type[Struct]) -> dict[str, str]:
    tree = ast.parse(dedent(inspect.getsource(section)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    _, _, attributes = (inspect.getdoc(section) or "").partition("Attributes:\n")
    found = {name: _sentence(text) for name, text in _ATTRIBUTE.findall(attributes)}
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = _sentence(text)
            case _:
                pass
    return found


def section_documentation(section: type[Struct]) -> str:
    """What a section is about, without its list of attributes."""
    text, _, _ = (inspect.getdoc(section) or "").partition("\n\nAttributes:")
    return " ".join(text.split())


def _sentence(text: str) -> str:
    line = " ".join(text.split())
    return line[:1].upper() + line[1:]
