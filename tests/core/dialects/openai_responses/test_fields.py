import pytest
from msgspec import Struct

from lunaroute_core.dialects.openai_responses.fields import (
    STRING_FORM,
    item_head,
    mark,
    own_fields,
    read_object,
    remainder,
)
from lunaroute_core.errors import InvalidRequestError
from lunaroute_core.model import TextBlock


class Inner(Struct):
    n: int


class Outer(Struct):
    name: str
    inner: list[Inner] = []


@pytest.mark.parametrize(
    ("raw", "param", "message"),
    [
        ({}, "x[1].name", "x[1].name: is required"),
        ({"name": 5}, "x[1].name", "x[1].name: Expected `str`, got `int`"),
        ({"name": "a", "inner": [{}]}, "x[1].inner[0].n", "x[1].inner[0].n: is required"),
        ({"name": "a", "inner": 5}, "x[1].inner", "x[1].inner: Expected `array`, got `int`"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(raw, param, message):
    with pytest.raises(InvalidRequestError) as caught:
        read_object(raw, Outer, param="x[1]")
    assert caught.value.details.param == param
    assert caught.value.details.message == message


def test_the_remainder_keeps_unknown_fields_and_nulls():
    raw = {"known": 1, "gone": None, "later": [1]}
    assert remainder(raw, {"known", "gone"}) == {"gone": None, "later": [1]}


def test_marks_of_form_are_no_fields():
    extensions = {"openai_responses": {"$item": {}, "content": STRING_FORM, "status": "x"}}
    assert own_fields(extensions) == {"status": "x"}


def test_a_mark_leaves_other_extensions_alone():
    block = TextBlock(text="x", extensions={"other": {"a": 1}})
    mark(block, "$item", {"id": "msg_1"})
    assert item_head(block) == {"id": "msg_1"}
    assert block.extensions["other"] == {"a": 1}
    assert item_head(TextBlock(text="y")) is None
