"""JSON Schemas as OpenAI's strict mode takes them."""

from lunaroute_core.json_value import JSONObject, JSONValue

_REFUSED = frozenset(
    {
        "allOf",
        "default",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "not",
        "oneOf",
        "patternProperties",
        "then",
        "unevaluatedProperties",
    }
)
_BY_NAME = ("properties", "$defs", "definitions")
_LISTED = ("anyOf", "prefixItems")


def object_schema(schema: JSONObject) -> JSONObject:
    """A schema that says it is an object's, and of which: OpenAI wants both of a function."""
    if schema.get("type", "object") != "object" or {"type", "properties"} <= schema.keys():
        return schema
    return {"type": "object", "properties": {}, **schema}


def is_strict(schema: JSONObject | None) -> bool:
    """Whether strict mode enforces a schema as it stands.

    Its root is an object, and every object in it is closed and requires all of its properties.
    """
    if schema is None or schema.get("type") != "object" or "anyOf" in schema:
        return False
    pending: list[JSONValue] = [schema]
    while pending:
        inner = pending.pop()
        if not isinstance(inner, dict) or inner.keys() & _REFUSED or not _is_closed(inner):
            return False
        pending += _within(inner)
    return True


def _is_closed(schema: JSONObject) -> bool:
    kind, properties = schema.get("type"), schema.get("properties")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    if not is_object and properties is None:
        return True
    names = properties if isinstance(properties, dict) else {}
    required = schema.get("required", [])
    if not isinstance(required, list) or schema.get("additionalProperties") is not False:
        return False
    return names.keys() <= {name for name in required if isinstance(name, str)}


def _within(schema: JSONObject) -> list[JSONValue]:
    within: list[JSONValue] = []
    for key in _BY_NAME:
        if isinstance(named := schema.get(key), dict):
            within += named.values()
    for key in _LISTED:
        if isinstance(listed := schema.get(key), list):
            within += listed
    if "items" in schema:
        within.append(schema["items"])
    return within
