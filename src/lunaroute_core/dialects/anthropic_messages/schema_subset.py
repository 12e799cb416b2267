"""JSON Schemas within the subset that Anthropic enforces.

The rules are those of `transform_schema` in Anthropic's SDK: objects are closed, `oneOf`
becomes `anyOf`, and what cannot be enforced moves to the description, where the model may
heed it.
"""

import msgspec

from lunaroute_core.json_value import JSONObject, JSONValue

_FORMATS = frozenset(
    {
        "date-time",
        "time",
        "date",
        "duration",
        "email",
        "hostname",
        "uri",
        "ipv4",
        "ipv6",
        "uuid",
    }
)
_COMBINATORS = (("anyOf", "anyOf"), ("oneOf", "anyOf"), ("allOf", "allOf"))
_OF_TYPE = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems"}),
    "string": frozenset({"format"}),
}
_REFERENCE = "#/$defs/"


class UnenforceableSchemaError(ValueError):
    """A schema that Anthropic has no way to enforce."""


class RecursiveSchemaError(UnenforceableSchemaError):
    """A schema of which a definition is part of itself."""


def strict_schema(schema: JSONObject) -> JSONObject:
    """The schema as Anthropic enforces it.

    Raises:
        UnenforceableSchemaError: a definition is part of itself, or a value or a property may
            be anything.
    """
    _check_recursion(schema)
    return _strict(schema)


def _strict(schema: JSONObject) -> JSONObject:
    left = {key: value for key, value in schema.items() if value is not None or key == "const"}
    strict: JSONObject = {}
    for key in ("$defs", "definitions"):
        if isinstance(definitions := left.pop(key, None), dict):
            strict[key] = _strict_values(definitions)
    if (reference := left.pop("$ref", None)) is not None:
        return {**strict, "$ref": reference}
    strict |= _literals(left)
    strict |= _kind(left, literal=bool(strict.keys() & {"enum", "const"}))
    strict |= {key: left.pop(key) for key in ("description", "title") if key in left}
    strict |= _members(left, strict.get("type"))
    return strict | _described(left, strict)


def _literals(left: JSONObject) -> JSONObject:
    values: JSONObject = {}
    enum = left.get("enum")
    if isinstance(enum, list) and enum and all(map(_is_primitive, enum)):
        values["enum"] = left.pop("enum")
    if "const" in left and _is_primitive(left["const"]):
        values["const"] = left.pop("const")
    return values


def _kind(left: JSONObject, *, literal: bool) -> JSONObject:
    """The type, or the schemas combined; literals need neither."""
    kind = left.pop("type", None)
    for key, name in _COMBINATORS:
        if isinstance(variants := left.get(key), list):
            del left[key]
            return {name: [_strict_value(variant) for variant in variants]}
    if literal:
        return {}
    if isinstance(kind, list):
        own = {key: left.pop(key) for keys in _OF_TYPE.values() for key in keys if key in left}
        return {"anyOf": [_strict({**_of_type(own, one), "type": one}) for one in kind]}
    implied = [name for name, keys in _OF_TYPE.items() if left.keys() & keys]
    if kind is None and not implied:
        raise UnenforceableSchemaError("a part of the schema says nothing of its type")
    return {"type": kind or implied[0]}


def _of_type(own: JSONObject, kind: JSONValue) -> JSONObject:
    """What of a schema of several types speaks of one of them."""
    keys = _OF_TYPE.get(kind, frozenset[str]()) if isinstance(kind, str) else frozenset[str]()
    return {key: value for key, value in own.items() if key in keys}


def _members(left: JSONObject, kind: JSONValue) -> JSONObject:
    members: JSONObject = {}
    if kind == "object":
        properties = left.pop("properties", None)
        members["properties"] = _strict_values(properties) if isinstance(properties, dict) else {}
        further = left.pop("additionalProperties", None)
        if isinstance(further, dict) or (further is True and not properties):
            raise UnenforceableSchemaError("an object may have properties of any name")
        members["additionalProperties"] = False
        if "required" in left:
            members["required"] = left.pop("required")
    elif kind == "array":
        if "items" in left:
            members["items"] = _strict_value(left.pop("items"))
        if left.get("minItems") in (0, 1):
            members["minItems"] = left.pop("minItems")
    elif kind == "string" and left.get("format") in _FORMATS:
        members["format"] = left.pop("format")
    return members


def _described(left: JSONObject, strict: JSONObject) -> JSONObject:
    """The description, with what the schema may not say otherwise."""
    if not left:
        return {}
    rules = ", ".join(f"{key}: {_written(value)}" for key, value in left.items())
    text = f"{{{rules}}}"
    given = strict.get("description")
    return {"description": f"{given}\n\n{text}" if given else text}


def _written(value: JSONValue) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _strict_value(schema: JSONValue) -> JSONValue:
    return _strict(schema) if isinstance(schema, dict) else schema


def _strict_values(schemas: JSONObject) -> JSONObject:
    return {key: _strict_value(schema) for key, schema in schemas.items()}


def _is_primitive(value: JSONValue) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _check_recursion(schema: JSONObject) -> None:
    definitions = schema.get("$defs")
    edges = {
        name: _references(definition)
        for name, definition in (definitions if isinstance(definitions, dict) else {}).items()
    }
    if "#" in _references(schema) or _has_cycle(edges):
        raise RecursiveSchemaError("the schema refers to itself")


def _has_cycle(edges: dict[str, set[str]]) -> bool:
    """Whether taking away names that refer to nothing left ever stops short."""
    left = dict(edges)
    while left:
        leaves = [name for name, targets in left.items() if not targets & left.keys()]
        if not leaves:
            return True
        for name in leaves:
            del left[name]
    return False


def _references(schema: JSONValue) -> set[str]:
    """The names of the definitions referred to; `#` is the whole schema."""
    if isinstance(schema, list):
        return {name for item in schema for name in _references(item)}
    if not isinstance(schema, dict):
        return set()
    found = {name for value in schema.values() for name in _references(value)}
    reference = schema.get("$ref")
    return found | {reference.removeprefix(_REFERENCE)} if isinstance(reference, str) else found
