"""The configuration's reference page, written from the model.

`python -m lunaroute_server.config.reference > docs/reference/configuration.md` renews it; a
test compares the committed page with the model.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, UNSET, Struct
from msgspec.structs import FieldInfo, fields

from lunaroute_server.config.annotations import (
    alternatives,
    choices,
    is_optional,
    mapping_item,
    sequence_item,
    struct_in,
)
from lunaroute_server.config.documentation import field_documentation, section_documentation
from lunaroute_server.config.known_keys import LATER, SPELLINGS
from lunaroute_server.config.model import Config
from lunaroute_server.config.provider_edit_checks import TEMPLATE_VARIABLES
from lunaroute_server.config.routing import SWITCH_VARIABLES

_INTRODUCTION = """\
<!-- Written by `python -m lunaroute_server.config.reference`; do not edit. -->

# Configuration

LunaRoute needs no configuration file. Without one it listens on 127.0.0.1:8081, speaks both
vendors' APIs, and passes clients' own keys on to the vendor they belong to.

## Where it is read from

The first of these that is there:

1. the file given with `--config`,
2. the file that the environment variable `LUNAROUTE_CONFIG` names,
3. `config.yaml`, `config.yml`, `config.toml` or `config.json` in `~/.lunaroute`.

The extension says which format a file is in. A value in the file wins over the default, an
[environment variable](environment.md) over the file, and a command-line argument over both.
`lunaroute config show` prints every value in effect and where it comes from.

Configuration is strict. A key that is unknown, given twice or without effect, a value of the
wrong type, a variable that is not set: each is an error that names file, line, key and reason,
and all of them are reported at once. A section with nothing in it is an empty section.

## Variables in values

| in the file | becomes |
|---|---|
| `$NAME`, `${NAME}` | the environment variable; an error when it is not set |
| `${NAME:-text}` | `text` when the variable is not set or empty |
| `$$` | a dollar sign |

Variables are filled in after the file is parsed, so their content cannot change its structure,
and `port: ${PORT}` is a number. Keys are taken as they are.
"""

_TEMPLATES = """\
## Templates

`request_headers` and `request_body` of a provider are filled in anew for each request, so in
them `${…}` names something else: VARIABLES,
or `env.NAME` for an environment variable listed in `template_env`. `$${x}` is the literal text `${x}`. Any other name is an error. What the request
does not have, such as a session id, stays as it is written.

A provider's `switch_notification_message` and the `default_message` of
`routing.provider_switch_notification` have names of their own: SWITCH.
"""

_LATER = """\
## Keys that are not supported yet

A key is accepted once it has an effect. These, most of them the original LunaRoute's, have none
in this version and are refused as "not supported by this version":
"""

_SWITCHED_OFF = """
A section that only turns such a feature off (`session_recording: {enabled: false}`) asks for
what this version does, and is accepted.
"""


def configuration_page() -> str:
    """The page, in MyST Markdown."""
    blocks = [
        _INTRODUCTION,
        "## Keys\n",
        *(_section(section, places) for section, places in section_places().items()),
        _TEMPLATES.replace("VARIABLES", _listed(TEMPLATE_VARIABLES)).replace(
            "SWITCH", _listed(f"${{{name}}}" for name in SWITCH_VARIABLES)
        ),
        _spellings(),
        f"{_LATER}\n{_later()}{_SWITCHED_OFF}",
    ]
    return "\n".join(blocks)


def section_places() -> dict[type[Struct], list[str]]:
    """Each section, once, with everywhere it stands (`providers.NAME.http_client`), the place
    nearest to the top first; in the order of those places.
    """
    places: dict[type[Struct], list[str]] = {}
    paths = [path for _, path in _collect(Config, "", places)]
    for each in places.values():
        each.sort(key=_depth)
    return dict(sorted(places.items(), key=lambda item: paths.index(item[1][0])))


def _depth(path: str) -> int:
    return path.count(".")


def _collect(
    section: type[Struct], path: str, places: dict[type[Struct], list[str]]
) -> Iterator[tuple[type[Struct], str]]:
    yield section, path
    known = section in places
    places.setdefault(section, []).append(path)
    for field in () if known else fields(section):
        here = f"{path}.{field.encode_name}".removeprefix(".")
        item = mapping_item(field.type)
        element = sequence_item(field.type)
        if inner := struct_in(field.type):
            yield from _collect(inner, here, places)
        elif item is not None and (inner := struct_in(item)):
            yield from _collect(inner, f"{here}.NAME", places)
        elif element is not None and (inner := struct_in(element)):
            yield from _collect(inner, f"{here}[]", places)


def _section(section: type[Struct], places: list[str]) -> str:
    first, *others = places
    title = f"`{first}`" if first else "Top level"
    also = f"\n\nLikewise {_listed(others)}." if others else ""
    text = f"{section_documentation(section)}{also}"
    return f"### {title}\n\n{text}\n\n{field_table(section)}"


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def field_table(section: type[Struct]) -> str:
    """The keys of a section, each with its values, its default and what it means."""
    texts = field_documentation(section)
    rows = "".join(_row(field, texts.get(field.encode_name, "")) for field in fields(section))
    head = "| key | value | default | meaning |\n|---|---|---|---|\n"
    return head + rows


def _row(field: FieldInfo, text: str) -> str:
    text = text.replace("|", r"\|")
    return f"| `{field.encode_name}` | {_kind(field.type)} | {_default(field)} | {text} |\n"


def _kind(annotation: Any) -> str:
    kinds = " or ".join(_one_kind(one) for one in alternatives(annotation))
    null = " or null" if is_optional(annotation) else ""
    return f"{kinds}{_bounds(annotation)}{null}"


def _one_kind(kind: Any) -> str:
    if struct_in(kind):
        return "section"
    if words := choices(kind):
        return ", ".join(f"`{word}`" for word in words)
    if (item := mapping_item(kind)) is not None:
        return f"mapping of {_plural(item)}"
    if (item := sequence_item(kind)) is not None:
        words = ", ".join(f"`{word}`" for word in choices(item))
        return f"list of {words or _plural(item)}"
    names = {bool: "boolean", int: "integer", float: "number", str: "text"}
    return names[kind]


def _plural(item: Any) -> str:
    kinds = alternatives(item)
    if any(one is not str and struct_in(one) is None for one in kinds):
        return "any values"
    return " or ".join("texts" if one is str else "sections" for one in kinds)


def _bounds(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return "".join(_bounds(member) for member in get_args(annotation))
    if origin is not Annotated:
        return ""
    metas = [meta for meta in get_args(annotation) if isinstance(meta, msgspec.Meta)]
    signs = [
        f"{sign} {bound:g}"
        for meta in metas
        for sign, bound in ((">", meta.gt), ("≥", meta.ge), ("≤", meta.le))
        if bound is not None
    ]
    return f" {', '.join(signs)}" if signs else ""


def _default(field: FieldInfo) -> str:
    if field.required:
        return "required"
    if struct_in(field.type) and field.default is not None:
        return "its defaults"
    if field.default is UNSET:
        return "the preset's"
    if field.default is NODEFAULT:
        return "see there" if field.encode_name == "providers" else "empty"
    value = field.default
    return "empty" if value == () else f"`{json.dumps(value)}`"


def _spellings() -> str:
    places = section_places()
    lines = [
        f"* `{places[section][0]}.{spelling}` is `{'.'.join(str(part) for part in target)}`.\n"
        for section, spellings in SPELLINGS.items()
        for spelling, target in spellings.items()
    ]
    note = (
        "The original's spellings are accepted. Given together, two mappings are merged and must"
        " not share a name; two other values must be equal. As a level, `warn` is `warning` and"
        " `trace` is `debug`.\n\n"
    )
    return f"## Other spellings\n\n{note}{''.join(lines)}"


def _later() -> str:
    places = section_places()
    keys = [
        f"{places[section][0]}.{key}".removeprefix(".")
        for section, names in LATER.items()
        for key in sorted(names)
    ]
    return "".join(f"* `{key}`\n" for key in keys)


if __name__ == "__main__":
    sys.stdout.write(configuration_page())
