import pytest

from lunaroute_core.dialects.openai_chat.fields import Fields
from lunaroute_core.errors import InvalidRequestError


@pytest.fixture
def fields():
    return Fields.of({"a": "x", "n": 1, "none": None, "in": {"b": 2, "c": {"d": 3}}}, path="top")


def test_what_nobody_took_is_left(fields):
    assert (fields.text("a"), fields.integer("n")) == ("x", 1)
    assert fields.left == {"none": None, "in": {"b": 2, "c": {"d": 3}}}


def test_an_explicit_null_reads_as_absent_and_stays(fields):
    assert fields.text("none") is None
    assert "none" in fields.left


def test_a_null_that_means_something_can_be_taken(fields):
    assert fields.take_null("none")
    assert not fields.take_null("a")
    assert not fields.take_null("absent")
    assert "none" not in fields.left


def test_what_is_left_inside_an_object_is_left_at_its_place(fields):
    inner = fields.needed_fields("in")
    assert inner.integer("b") == 2
    assert fields.left["in"] == {"c": {"d": 3}}
    assert inner.needed_fields("c").integer("d") == 3
    assert "in" not in fields.left


def test_the_object_that_was_read_does_not_change():
    value = {"a": 1}
    Fields.of(value, path="").integer("a")
    assert value == {"a": 1}


def test_paths_are_joined_with_dots(fields):
    assert fields.at("a") == "top.a"
    assert fields.needed_fields("in").needed_fields("c").at("d") == "top.in.c.d"
    assert Fields.of({}, path="").at("a") == "a"


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("text", 1),
        ("flag", 1),
        ("integer", 1.0),
        ("integer", True),
        ("integer", 2**63),
        ("number", "1"),
        ("number", False),
        ("number", 10**400),
        ("array", {}),
        ("object", []),
        ("fields", "x"),
        ("needed_text", None),
        ("needed_fields", None),
    ],
)
def test_a_value_of_another_type_is_refused_by_its_path(method, value):
    with pytest.raises(InvalidRequestError) as caught:
        getattr(Fields.of({"k": value}, path="p[0]"), method)("k")
    assert caught.value.details.param == "p[0].k"
    assert caught.value.details.message.startswith("p[0].k: ")


def test_what_is_no_object_is_refused():
    with pytest.raises(InvalidRequestError) as caught:
        Fields.of([], path="messages[3]")
    assert caught.value.details.param == "messages[3]"
