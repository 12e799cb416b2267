"""Sample values conform to the schemas that tools use, and survive those that are nonsense."""

import jsonschema
import pytest

from lunaroute_egress.mock.sample_value import sample_value

PLACE = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        PLACE,
        {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        {"type": "string", "minLength": 12, "maxLength": 14},
        {"type": "string", "maxLength": 2},
        {"type": "integer", "minimum": 18, "maximum": 20},
        {"type": "integer", "exclusiveMinimum": 3.5},
        {"type": "integer", "maximum": -4},
        {"type": "integer", "multipleOf": 7, "minimum": 15},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "number", "multipleOf": 0.5, "minimum": 2.2},
        {"type": "boolean"},
        {"type": "null"},
        {"type": ["null", "integer"]},
        {"type": "array", "items": PLACE, "minItems": 2},
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2},
        {"enum": ["metric", "imperial"]},
        {"const": 7},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"oneOf": [{"const": "a"}, {"const": "b"}]},
        {
            "allOf": [
                {"type": "object", "required": ["city"]},
                {"properties": {"n": {"type": "integer"}}, "required": ["n"]},
            ]
        },
        {
            "items": {"$ref": "#/$defs/a~1b"},
            "type": "array",
            "minItems": 1,
            "$defs": {"a/b": PLACE},
        },
        {"$ref": "#/$defs/p", "$defs": {"p": PLACE}},
    ],
)
def test_samples_conform(schema):
    jsonschema.validate(sample_value(schema), schema)


@pytest.mark.parametrize("name", ["date", "email", "ipv4", "ipv6", "uuid", "date-time"])
def test_formats_are_respected(name):
    schema = {"type": "string", "format": name}
    checker = jsonschema.FormatChecker()
    jsonschema.validate(sample_value(schema), schema, format_checker=checker)


@pytest.mark.parametrize(
    "schema",
    [
        None,
        True,
        [],
        {"type": 3},
        {"type": "integer", "minimum": "low"},
        {"type": "object", "required": "city"},
        {"enum": "metric"},
        {"$ref": "https://example.com/elsewhere", "type": 3},
    ],
)
def test_nonsense_is_null(schema):
    assert sample_value(schema) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "minItems": 2, "items": {"$ref": "#"}},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {
            "type": "object",
            "required": ["a", "b"],
            "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}},
        },
        {"type": "array", "minItems": 10**9, "items": {"type": "string"}},
    ],
)
def test_endless_schemas_end(schema):
    assert len(str(sample_value(schema))) < 200_000


def test_a_client_cannot_ask_for_a_huge_text():
    assert len(sample_value({"type": "string", "minLength": 10**9})) <= 2_000
