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
_SCHEMAS_BY_NAME = ("properties", "$defs", "definitions")
_SCHEMA_LISTS = ("anyOf", "prefixItems")


def is_strict(schema: JSONObject | None) -> bool:
    """Whether a schema is one that strict mode enforces as it stands.

    Its root is an object, and every object in it is closed and requires all of its properties.
    """
    if schema is None or schema.get("type") != "object" or "anyOf" in schema:
        return False
    return _conforms(schema)


def _conforms(schema: JSONValue) -> bool:
    if not isinstance(schema, dict):
        return False
    if schema.keys() & _REFUSED or not _closed(schema):
        return False
    return all(_conforms(inner) for inner in _inner(schema))


def _closed(schema: JSONObject) -> bool:
    kind = schema.get("type")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    properties = schema.get("properties")
    if not is_object and properties is None:
        return True
    names = properties.keys() if isinstance(properties, dict) else set[str]()
    required = schema.get("required", [])
    if not isinstance(required, list) or schema.get("additionalProperties") is not False:
        return False
    return all(name in required for name in names)


def _inner(schema: JSONObject) -> list[JSONValue]:
    inner: list[JSONValue] = []
    for key in _SCHEMAS_BY_NAME:
        if isinstance(named := schema.get(key), dict):
            inner += named.values()
    for key in _SCHEMA_LISTS:
        if isinstance(listed := schema.get(key), list):
            inner += listed
    if "items" in schema:
        inner.append(schema["items"])
    return inner
