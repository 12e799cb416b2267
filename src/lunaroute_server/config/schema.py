"""The configuration's JSON Schema, for editors and `config schema`."""

from typing import Any

import msgspec
from msgspec import Struct

from lunaroute_core.json_value import JSONObject
from lunaroute_server.config.annotations import (
    annotation_at,
    field_types,
    mapping_item,
    sequence_item,
    struct_in,
)
from lunaroute_server.config.documentation import field_documentation, section_documentation
from lunaroute_server.config.known_keys import SPELLINGS
from lunaroute_server.config.model import Config
from lunaroute_server.config.provider import ProviderConfig
from lunaroute_server.config.routing_rule import TargetConfig

_REFERENCE = "#/$defs/{name}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def sections(root: type[Struct] = Config) -> tuple[type[Struct], ...]:
    """The model's sections, each once, in the order in which they are first mentioned."""
    found: dict[type[Struct], None] = {root: None}
    for annotation in field_types(root).values():
        inner = _section_in(annotation)
        if inner is not None:
            found.update(dict.fromkeys(sections(inner)))
    return tuple(found)


def config_schema() -> JSONObject:
    """A JSON Schema (draft 2020-12) of configuration files, each key with its documentation."""
    schema: dict[str, Any] = msgspec.json.schema(Config)
    definitions: dict[str, dict[str, Any]] = schema["$defs"]
    for section in sections():
        _describe(definitions[section.__name__], section)
    _admit_spellings(definitions)
    # Providers named after their vendor need no type, others may spell it `provider_type`.
    definitions[ProviderConfig.__name__]["required"] = []
    definitions[TargetConfig.__name__]["required"] = []  # it may be spelt `id`
    whole = {"$schema": _DIALECT, "title": "LunaRoute configuration", **schema}
    return msgspec.json.decode(msgspec.json.encode(whole))


def _describe(definition: dict[str, Any], section: type[Struct]) -> None:
    definition["description"] = section_documentation(section)
    for name, text in field_documentation(section).items():
        definition["properties"][name]["description"] = text


def _admit_spellings(definitions: dict[str, dict[str, Any]]) -> None:
    for section, spellings in SPELLINGS.items():
        properties = definitions[section.__name__]["properties"]
        for name, target in spellings.items():
            text = f"The same as `{'.'.join(str(part) for part in target)}`."
            annotation = annotation_at(section, target)
            (kind,), _ = msgspec.json.schema_components([annotation], ref_template=_REFERENCE)
            properties[name] = {**kind, "description": text}


def _section_in(annotation: Any) -> type[Struct] | None:
    if inner := struct_in(annotation):
        return inner
    item = mapping_item(annotation) or sequence_item(annotation)
    return struct_in(item) if item is not None else None
