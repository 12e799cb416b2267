import pytest

from lunaroute_core.dialects.openai_vendor.strict_schema import is_strict


def closed(**properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "schema",
    [
        closed(),
        closed(a={"type": "string"}, b=closed(c={"type": ["number", "null"]})),
        closed(a={"type": "array", "items": closed(b={"enum": [1]})}),
        closed(a={"anyOf": [closed(), {"type": "null"}]}),
        {**closed(a={"$ref": "#/$defs/b"}), "$defs": {"b": closed()}},
    ],
)
def test_closed_schemas_that_require_everything_are_strict(schema):
    assert is_strict(schema)


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        {"type": "string"},
        {"type": "object"},
        {**closed(), "anyOf": [closed()]},
        {**closed(a={}), "required": []},
        {**closed(a={}), "required": None},
        {**closed(), "additionalProperties": True},
        closed(a={"type": "object"}),
        closed(a={"properties": {"b": {}}}),
        closed(a={"type": ["object", "null"]}),
        closed(a={"type": "array", "items": {"type": "object"}}),
        closed(a={"anyOf": [{"type": "object"}]}),
        closed(a={"oneOf": [closed()]}),
        closed(a={"type": "string", "default": "x"}),
        closed(a=True),
        {**closed(), "$defs": {"b": {"type": "object"}}},
    ],
)
def test_others_are_not(schema):
    assert not is_strict(schema)
