import pytest

from lunaroute_core.answer_stages.schema_violation import schema_violation

BACKTRACKING = "(a+)+$"
UNLUCKY = "a" * 60 + "!"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
LISTED = {"type": "array", "uniqueItems": True}


def doubled(levels):
    """A schema that refers twice to the next one at each of its levels."""
    names = [f"#/$defs/{level + 1}" for level in range(levels)]
    schemas = {
        str(level): {"allOf": [{"$ref": name}, {"$ref": name}]} for level, name in enumerate(names)
    }
    return {"$ref": "#/$defs/0", "$defs": {**schemas, str(levels): {"type": "string"}}}


@pytest.mark.parametrize(
    ("value", "schema", "violation"),
    [
        ({"a": 1}, {"properties": {"a": {"type": "string"}}}, "$.a: 1 is not of type 'string'"),
        (1, {"$schema": DRAFT, "$id": "urn:x", "type": "null"}, "$: 1 is not of type 'null'"),
        (1, {"$ref": "#/$defs/a", "$defs": {"a": False}}, "$: False schema does not allow 1"),
        ({"b": 1}, {"additionalProperties": False}, "$: Additional properties are not allowed"),
        ([1, 2, 1], LISTED, "$: [1, 2, 1] has non-unique elements"),
        (
            {"$id": 1},
            {"properties": {"$id": {"type": "null"}}},
            "$['$id']: 1 is not of type 'null'",
        ),
        (1, doubled(3), "$: 1 is not of type 'string'"),
    ],
)
def test_a_violation_is_named_with_its_place(value, schema, violation):
    found = schema_violation(value, schema)
    assert found is not None
    assert found.startswith(violation)


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({"a": 1}, {"properties": {"a": {"type": "integer"}}, "required": ["a"]}),
        ([{"a": 1}, {"a": 2}, 1, True], LISTED),
        ([{"a": number} for number in range(3000)], {"items": {"required": ["a"]}}),
    ],
)
def test_a_value_that_fits_has_none(value, schema):
    assert schema_violation(value, schema) is None


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (UNLUCKY, {"pattern": BACKTRACKING}),
        ({UNLUCKY: 1}, {"patternProperties": {BACKTRACKING: {}}, "additionalProperties": False}),
        ({UNLUCKY: 1}, {"patternProperties": {BACKTRACKING: {}}, "unevaluatedProperties": False}),
        ([UNLUCKY], {"items": {"$schema": DRAFT, "pattern": BACKTRACKING}}),
        ([UNLUCKY], {"items": {"$id": DRAFT, "$ref": "#/$defs/a", "pattern": BACKTRACKING}}),
        (
            {"properties": {"a": {"pattern": 1}}},
            {"$dynamicAnchor": "meta", "allOf": [{"$ref": DRAFT}], "pattern": BACKTRACKING},
        ),
    ],
)
def test_no_regular_expression_of_a_client_is_tried(value, schema):
    """Backtracking takes twice as long for each further character."""
    assert schema_violation(value, schema) is None


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("", doubled(40)),
        ([{"a": number} if number % 2 else number for number in range(20_000)], LISTED),
        ([5_000] * 5_000, {"items": {"enum": list(range(5_001))}}),
        ({}, {"$ref": "#"}),
        ({}, {"type": "string", "description": "x" * 100_000}),
    ],
)
def test_what_takes_too_long_is_not_checked(value, schema):
    """Schemas come from clients, and the whole process waits."""
    assert schema_violation(value, schema) is None


@pytest.mark.parametrize(
    "schema", [{"type": "nothing"}, {"required": "a"}, {"$ref": "#/$defs/missing"}]
)
def test_nothing_is_said_by_what_is_no_schema(schema):
    assert schema_violation({}, schema) is None
