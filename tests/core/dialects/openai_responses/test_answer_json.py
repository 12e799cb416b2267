import pytest

from lunaroute_core.dialects.openai_responses.answer_json import (
    answer_errors,
    number_of,
    object_of,
    read_json,
    text_of,
)
from lunaroute_core.errors import InvalidRequestError


@pytest.mark.parametrize("error", [InvalidRequestError("x: nested", param="x"), RecursionError()])
def test_errors_of_other_readers_are_the_answers(error):
    with pytest.raises(ValueError, match="nested") as caught, answer_errors():
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"a": "\xff"}'])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(ValueError):
        read_json(data)


def test_fields_of_the_right_type():
    values = {"text": "", "number": 0, "object": {}}
    assert text_of(values, "text") == ""
    assert number_of(values, "number") == 0
    assert object_of(values, "object") == {}


@pytest.mark.parametrize("value", [None, True, 1.5, []])
@pytest.mark.parametrize("read", [text_of, number_of, object_of])
def test_fields_of_another_type_are_refused_by_name(read, value):
    with pytest.raises(ValueError, match=r"^field: must be an? "):
        read({"field": value}, "field")
    with pytest.raises(ValueError, match=r"^field: must be an? "):
        read({}, "field")
