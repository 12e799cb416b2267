import pytest
from anthropic import transform_schema
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.dialects.anthropic_messages.schema_subset import (
    UnenforceableSchemaError,
    strict_schema,
)

SCALARS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"format": st.sampled_from(["date", "uuid", "regex"]), "title": st.text()},
    ),
    st.fixed_dictionaries({"type": st.just("null")}, optional={"description": st.text(min_size=1)}),
    st.fixed_dictionaries({"enum": st.lists(st.text(), min_size=1)}),
    st.fixed_dictionaries({"const": st.none() | st.integers()}),
    st.fixed_dictionaries({"type": st.just("integer")}, optional={"minimum": st.integers()}),
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner}, optional={"minItems": st.integers(0, 3)}
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.dictionaries(st.text(), inner, max_size=3),
                "required": st.lists(st.text()),
            },
            optional={"additionalProperties": st.just(False), "maxProperties": st.integers()},
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
    ),
    max_leaves=6,
)


@given(schema=SCHEMAS)
def test_the_subset_is_that_of_the_vendors_sdk(schema):
    assert strict_schema(schema) == transform_schema(schema)


@given(schema=SCHEMAS)
def test_a_schema_within_the_subset_stays(schema):
    strict = strict_schema(schema)
    assert strict_schema(strict) == strict


def test_several_types_are_alternatives():
    schema = {"type": ["object", "null"], "properties": {"a": {"type": "null"}}, "description": "D"}
    assert strict_schema(schema) == {
        "anyOf": [
            {
                "type": "object",
                "properties": {"a": {"type": "null"}},
                "additionalProperties": False,
            },
            {"type": "null"},
        ],
        "description": "D",
    }


def test_definitions_are_kept_and_made_strict():
    schema = {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}}
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    assert strict_schema(schema) == {"$ref": "#/$defs/a", "$defs": {"a": closed}}


@pytest.mark.parametrize(
    "definitions",
    [
        {"a": {"items": {"$ref": "#/$defs/a"}}},
        {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}},
        {"a": {"$ref": "#"}},
    ],
)
def test_recursion_is_found(definitions):
    with pytest.raises(UnenforceableSchemaError):
        strict_schema({"type": "object", "$defs": definitions})


def test_a_definition_used_twice_is_no_recursion():
    both = {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}
    schema = {"type": "object", "properties": both, "$defs": {"a": {"type": "string"}}}
    assert strict_schema(schema)["properties"] == both


def test_a_missing_type_is_implied_or_else_not_enforceable():
    assert strict_schema({"properties": {}})["type"] == "object"
    assert strict_schema({"items": {"type": "null"}})["type"] == "array"
    with pytest.raises(UnenforceableSchemaError):
        strict_schema({"type": "object", "properties": {"anything": {}}})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": {}},
        {"type": "object", "additionalProperties": True},
    ],
)
def test_an_object_with_properties_of_any_name_is_not_enforceable(schema):
    """Closed, as Anthropic wants it, it could only ever be empty of them."""
    with pytest.raises(UnenforceableSchemaError):
        strict_schema(schema)


def test_an_object_that_need_not_be_closed_is():
    open_object = {
        "type": "object",
        "properties": {"a": {"type": "null"}},
        "additionalProperties": True,
    }
    assert strict_schema(open_object) == {**open_object, "additionalProperties": False}
