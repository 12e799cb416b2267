import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunaroute_core.json_value import JSONObject, JSONValue


class Holder(msgspec.Struct):
    """A struct whose module knows the names, but not what they refer to."""

    value: JSONValue = None
    fields: JSONObject = {}
    either: str | list[JSONObject] = ""


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "x", [1, [None]], {"a": {"b": []}}])
def test_a_struct_holds_any_json(value):
    body = msgspec.json.encode({"value": value, "fields": {"a": value}, "either": [{"b": value}]})
    assert msgspec.json.decode(body, type=Holder) == Holder(
        value=value, fields={"a": value}, either=[{"b": value}]
    )


def test_an_object_is_nothing_else():
    with pytest.raises(msgspec.ValidationError, match="Expected `object`"):
        msgspec.json.decode(b'{"fields": []}', type=Holder)


def test_a_schema_can_be_made_of_it():
    schema = msgspec.json.schema(Holder)["$defs"]["Holder"]["properties"]
    assert schema["fields"]["type"] == "object"


class Named(msgspec.Struct):
    """What Hypothesis fills in by itself stands beside what it is given."""

    name: str
    value: JSONValue


@given(st.builds(Named, value=st.none() | st.lists(st.integers())))
def test_hypothesis_can_read_the_annotations(named):
    assert isinstance(named.name, str)
    assert named.value is None or isinstance(named.value, list)
